"""Models side by side on one data set: trained with the same budget, measured alike."""

from tfgen.comparison.columns import COLUMNS, Column, show_table, write_csv
from tfgen.comparison.comparison import Comparison, compare
from tfgen.comparison.entrants import Entrant, find_entrants, settings_of, suitable_models
from tfgen.comparison.page import write_page
from tfgen.comparison.panel import Panel

__all__ = [
    "COLUMNS",
    "Column",
    "Comparison",
    "Entrant",
    "Panel",
    "compare",
    "find_entrants",
    "settings_of",
    "show_table",
    "suitable_models",
    "write_csv",
    "write_page",
]
