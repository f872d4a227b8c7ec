"""What a batch is, what may happen to it, and whether it may leave: no web, no database, no clock.

``values``    quantities, limits and formulas
``master``    the master batch record: a recipe, read from text and checked
``executed``  the executed batch record: entries, and what each may follow
``release``   the criteria a batch must meet to leave
"""
