"""SQL: grammars of the dialects, the user's tables, and the check on the way out."""
