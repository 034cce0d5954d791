"""Log lines and tickets."""

from training.kinds.base import boolean, choice, fact, kind, listing
from training.values import Values as V

_LEVELS = dict(
    debug="DEBUG, debug, DBG: [DEBUG]|DEBUG|level=debug|D // severity was debug",
    info="INFO, info, Info: [INFO]|INFO|level=info|for your information // severity was info",
    warning="""WARNING, warn, WARN, warning: [WARN]|WARN|WARNING|level=warning
        |just a warning // severity was warn""",
    error="ERROR, error, ERR: [ERROR]|ERROR|level=error|an error occurred|failed // severity was error",
    fatal="""FATAL, critical, CRITICAL, fatal: [FATAL]|CRITICAL|level=fatal
        |the system went down // severity was fatal""",
)
LOG = kind(
    "log",
    "server log|Log entry|syslog // Record of the machine",
    fact(
        "date day timestamp_date",
        V.date,
        "date|day|Date // logged",
        "{}|[{}]|on {}|date={}|{}:|logged on {} // logged {}|the day was {}",
    ),
    fact(
        "time timestamp at",
        V.clock,
        "time|ts|Time // clock",
        "{}|at {}|time={}|[{}]|{}:|ts={} // clock {}|the clock stood at {}",
    ),
    choice("level severity log_level", "level|severity|Level // sev", **_LEVELS),
    fact(
        "host server hostname node machine",
        V.host,
        "host|server|hostname|node // machine",
        "host {}|{}:|server={}|node {}|host={}|on {}|on server {}|[{}]|hostname {} // machine {}|the box {}",
    ),
    fact(
        "ip client_ip source_ip address client",
        V.ip,
        "ip|client|source|IP address // origin",
        """from {}|client {}|ip={}|IP {}|source {}|connection from {}|remote address {} // origin {}
        |the caller was {}""",
    ),
    fact(
        "path url endpoint route",
        V.path,
        "path|url|endpoint|route // asked",
        "GET {}|request {}|path={}|POST {}|url={}|endpoint {}|requested {} // asked for {}|wanted {}",
    ),
    choice(
        "method http_method verb",
        "method|verb // action",
        get="GET, get: GET|method=GET|read request // fetched",
        post="POST, post: POST|method=POST|submitted a form // sent in",
        put="PUT, put: PUT|method=PUT // replaced",
        delete="DELETE, delete: DELETE|method=DELETE|removed // wiped",
    ),
    fact(
        "status status_code code response",
        lambda v: v.status(),
        "status|code|status code|response // result",
        """status {}|returned {}|code={}|status={}|HTTP {}|-> {}|with status {}|response code {}
        |responded with {} // ended with {}|the answer was {}""",
    ),
    fact(
        "duration_ms ms duration elapsed_ms latency",
        lambda v: v.integer(1, 4000),
        "ms|duration|took|latency // elapsed",
        """in {} ms|took {}ms|ms={}|{} ms|duration={}ms|latency {} ms|after {}ms // after {} milliseconds
        |needed {} ms""",
    ),
    fact(
        "user username user_id login",
        V.username,
        "user|username|login // account",
        "user {}|user={}|by {}|login {}|for user {}|username={}|as {} // account {}|the person was {}",
    ),
    fact(
        "message msg error description",
        V.title,
        "message|msg|error // said",
        "{}|message: {}|error: {}|msg={}|reason: {} // it said: {}|text {}",
    ),
    fact(
        "port",
        lambda v: v.integer(80, 65000),
        "port // socket",
        "port {}|on port {}|port={}|listening on {} // socket {}|door {}",
    ),
    fact(
        "pid process_id",
        lambda v: v.integer(100, 65000),
        "pid|process // process no.",
        "pid {}|pid={}|process {}|[{}] // process number {}",
    ),
    fact(
        "service app component module",
        lambda v: v.listed("TAG"),
        "service|app|component // part",
        "service {}|app={}|component {}|module {}|service={}|in {} // part {}|belonging to {}",
    ),
    fact(
        "bytes size response_bytes",
        lambda v: v.integer(10, 90000),
        "bytes|size // volume",
        "{} bytes|size={}|bytes={}|sent {} bytes // volume {}|a body of {} bytes",
    ),
)

TICKET = kind(
    "ticket",
    "Bug report|Support request|New ticket|Hello support,|Issue // Complaint|Problem report",
    fact(
        "title subject summary issue problem",
        V.title,
        "Title|Subject|Summary|Issue|Problem // What is wrong",
        """{}|title: {}|issue: {}|summary: {}|problem: {}|the problem: {}|subject: {}|I have to report: {}
        |it seems: {}|bug: {} // what is wrong: {}|in a few words: {}""",
    ),
    fact(
        "id ticket_id ticket issue_id number",
        V.code,
        "Ticket|ID|Ticket ID|Issue no. // Case no.",
        """ticket {}|issue {}|ticket number {}|this is ticket {}|ID {}|case {}|the ticket ID is {}
        |regarding ticket {} // filed under {}|case number {}""",
    ),
    fact(
        "reporter reported_by user customer name author",
        V.name,
        "Reporter|Reported by|User|Customer|Author // Told by",
        """reported by {}|from {}|reporter: {}|{} reports|opened by {}|customer {}|created by {}
        |submitted by {}|{} told us|written by {} // the one who complained is {}|{} came to us with it""",
    ),
    fact(
        "assignee assigned_to owner responsible",
        V.name,
        "Assignee|Assigned to|Owner|Responsible // In the hands of",
        """assigned to {}|{} takes care of it|assignee: {}|owner {}|responsible: {}|{} is working on it
        |handled by {}|given to {} // in the hands of {}|now the task of {}""",
    ),
    fact(
        "created date reported created_at opened",
        V.date,
        "Created|Date|Opened|Reported // Since",
        """created on {}|reported on {}|opened {}|date: {}|since {}|seen on {}
        |first noticed on {} // came up on {}|known since {}""",
    ),
    fact(
        "due due_date deadline fix_by",
        V.date,
        "Due|Due date|Deadline // Until",
        """due {}|due by {}|deadline {}|to be fixed by {}|must be done by {} // we need it no later than {}
        |wanted for {}""",
    ),
    fact(
        "version app_version release",
        V.version,
        "Version|Release // Build",
        """version {}|in version {}|release {}|running {}|since {}|on {}
        |the version is {} // the build is {}|installed: {}""",
    ),
    fact(
        "os platform system browser",
        lambda v: v.pick(
            [
                "Windows 11",
                "Windows 10",
                "macOS",
                "Linux",
                "Ubuntu 24.04",
                "Android",
                "iOS",
                "Firefox",
                "Chrome",
                "Safari",
                "Edge",
                "Debian",
            ]
        ),
        "OS|Platform|Browser|System // Runs on",
        """on {}|platform {}|OS: {}|using {}|with {}|running on {}|browser: {} // the machine has {}
        |in the world of {}""",
    ),
    fact(
        "email contact reporter_email",
        V.email,
        "E-mail|Email|Contact // Reply to",
        """email {}|contact: {}|reply to {}|write to {}|answer to {}|e-mail: {} // mails go to {}
        |reach them at {}""",
    ),
    fact(
        "component module area service",
        lambda v: v.listed("TAG"),
        "Component|Module|Area // Part",
        "component {}|in the {} module|area: {}|affects {}|component: {} // the part called {}|located in {}",
    ),
    fact(
        "affected_users users_affected users",
        lambda v: v.integer(1, 900),
        "Affected users|Users affected // People hit",
        """{} users affected|affects {} users|{} customers complained|seen by {} users // {} people suffer
        |it hits {} persons""",
    ),
    choice(
        "priority severity urgency importance",
        "Priority|Severity|Urgency // Importance",
        low="""low, LOW, minor, P3: low priority|not urgent|minor issue|whenever you have time|no hurry
        |just cosmetic // it can wait|a small matter""",
        medium="""medium, normal, MEDIUM, P2: medium priority|normal priority|please fix this week
        |should be fixed soon // not the end of the world|of middling weight""",
        high="""high, HIGH, major, P1: high priority|urgent|please fix today|very important|major issue
        |as soon as possible // we need help quickly|this hurts us a lot""",
        critical="""critical, blocker, CRITICAL, P0: critical|everything is down|blocks all users|blocker
        |production is broken // nobody can work any more|the whole house is on fire""",
    ),
    choice(
        "status state",
        "Status|State // Stage",
        open="""open, new, OPEN, todo: is open|not started|nobody works on it yet|new ticket
        |open // waits for a volunteer|untouched so far""",
        in_progress="""in_progress, in progress, active, doing: is in progress|we are working on it
        |being fixed|in progress|work has started // somebody sits on it|hands are busy with it""",
        closed="""closed, done, resolved, CLOSED: is closed|has been fixed|resolved|done
        |fixed in the last release|closed // the trouble is gone|works again""",
    ),
    choice(
        "type kind category",
        "Type|Kind|Category // Sort",
        bug="bug, defect: it is a bug|a bug|defect // something is broken",
        feature="""feature, enhancement, request: feature request|a new feature
        |an enhancement // a wish for the future""",
        question="question, support: just a question|asking for help|a question // someone does not know how",
    ),
    listing(
        "tags labels keywords components",
        lambda v: v.listed("TAG"),
        "Tags|Labels|Keywords // Marks",
        "tags: {}|labels: {}|tagged {}|keywords {}|labelled {} // marked {}|catchwords: {}",
    ),
    boolean(
        "reproducible can_reproduce",
        "Reproducible // Repeats",
        "can be reproduced|reproducible|happens every time|always happens // it comes back each time",
        "cannot be reproduced|not reproducible|happened only once|random // it never came back",
    ),
    boolean(
        "regression is_regression",
        "Regression // Worked before",
        "it worked before|a regression|worked in the last version // was fine until the update",
        "never worked|not a regression // has been so from the start",
    ),
)

KINDS = (LOG, TICKET)
