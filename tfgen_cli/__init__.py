"""The command line of tfgen, beside the package, whose import takes seconds.

Help, the list of models and errors of use need no model: they come without that import.
"""
