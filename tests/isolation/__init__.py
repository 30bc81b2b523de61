"""Who may do what with every relation, function and schema, and what would notice.

Nothing here lists tables. Relations, functions, policies and grants are found in the
catalog, rows are made up from the models, and what is expected follows from one
declaration: ``info["rls"]`` of a model, or ``RELATIONS`` in ``portfolio.py`` for what
no model describes. The database is never asked what it allows: it is tried.

``history``    what is given: models, declarations, actors (``portfolio`` is the first)
``policy``     what each kind of relation allows to each actor
``found``      what there is, from the catalog
``rows``       rows of three users, from the models
``statements`` each command as SQL
``cells``      a relation, an actor, a command, what is expected
``trial``      doing it: one statement, in that role, rolled back
``mutants``    everything that could be weakened, one at a time
``hunt``       trying each of them, ``equivalent`` those without effect
``page``       docs/isolation.md, from page.template.md
``places``     a plain PostgreSQL, both kinds of Supabase; ``lab`` opens one

HomeOps has rules instead of kinds, as its rows are shared in more ways: ``household``
says whose each row is, ``declared`` makes cells of that, ``homeops_page`` its page. The
mutants and the hunt are the same.

    python -m tests.isolation > docs/isolation.md
    python -m tests.isolation homeops > docs/homeops-isolation.md
"""
