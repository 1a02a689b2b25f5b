"""How each provider, and each caller, writes requests, answers, streams and errors.

What a dialect cannot say is refused (``UntranslatableError``), but for *wishes*, which change no
answer's meaning and are left out where there is no place for them: ``seed``, ``user``, a picture's
``detail``, ``strict``, a speaker's ``name``, ``stream_usage``, reasoning effort and budget, a
format's name and description, an error mark on a tool's result (its text says so), reasoning that
another provider signed, and every ``extra``. Instructions in the middle of a conversation move to
its start where a dialect has only one place for them.
"""
