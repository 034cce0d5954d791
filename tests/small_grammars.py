"""Small grammars on which engines are judged: ambiguous-looking, recursive, nullable, awkward to lex."""

from __future__ import annotations

import itertools

import lark

# name -> (grammar, alphabet, longest text that is tried)
GRAMMARS = {
    "ambiguous": ('start: e\ne: e "+" f | f\nf: "a" | "(" e ")"', "a+()", 6),
    "left": ('start: start "a" | "b"', "ab", 7),
    "right": ('start: "a" start | ', "ab", 7),
    "nullable": ('start: x y? z*\nx: "a"?\ny: "b" x\nz: "c" | "d" y?', "abcd", 6),
    "keywords": ('start: s+\ns: "if" NAME | NAME "=" NUM\nNAME: /[a-i]+/\nNUM: /[0-9]+(\\.[0-9]+)?/\n%ignore " "',
                 "if a=1.", 5),
    "strings": ('start: (STR | NAME)*\nSTR: /".*?(?<!\\\\)(\\\\\\\\)*?"/\nNAME: /[a-z]\\b/\n%ignore /\\s+/',
                '"\\a \n', 5),
    "preferred": ('start: (A | B | C)+\nA: /a|ab/\nB.2: /b+/\nC: "c" "a"? | "cab"', "abc", 7),
    "case": ('start: (K NAME)+\nK: "sel"i\nNAME: /[a-z]+/i\n%ignore " "', "seSLa ", 5),
    "backing": ('start: (N | E)+\nN: /[0-9]+(\\.[0-9]+)?(e[0-9]+)?/\nE: /[e.]/', "1e.", 7),
    "priority": ('start: (A|B)+\nA.1: /[ab]+/\nB.2: "ab"', "ab", 7),
    "lookahead": ('start: (A|B|C)+\nA: /a(?=b)/\nB: /b(?!a)/\nC: /[abc]/', "abc", 7),
    "template": ('start: list{"a"}\nlist{x}: x ("," x)*', "a,", 7),
    "unicode": ('start: W+\nW: /\\w+/\n%ignore /[^\\w]/', "aé1-", 5),
    "contextual": ('start: "on" NAME | NAME "on"\nNAME: /[a-z]+/\n%ignore " "', "on a", 6),
    "ignored regex": ('start: A (NL A)*\nA: "a"\nNL: "\\n"\nC: "/" /[^a]/\n%ignore /\\s+/\n%ignore C', "a\n/ ", 5),
    "ignored string": ('start: (WORD | " " "c")+\nWORD: /[^ac]/\n%ignore " "', "abc ", 5),
    "dangling": ('start: s\ns: "i" s | "i" s "e" s | "x"', "iex", 7),
    "empty": ("start: ", "a", 3),
}
LOSSY = {"backing"}  # its lexer goes back over what it read: generated texts keep to a part


def reader(grammar):
    """What Lark accepts."""
    parser = lark.Lark(grammar, parser="lalr", lexer="contextual", maybe_placeholders=False)

    def accepts(text):
        try:
            parser.parse(text)
        except lark.exceptions.LarkError:
            return False
        return True

    return accepts


def texts(alphabet, longest):
    """All texts over an alphabet."""
    return ["".join(x) for n in range(longest + 1) for x in itertools.product(alphabet, repeat=n)]
