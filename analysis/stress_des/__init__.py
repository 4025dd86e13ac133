"""A scenario told by the STRESS-DES checklist, every numbered section, from the scenario itself.

Monks, Currie, Onggo, Robinson, Kunc and Taylor, "Strengthening the reporting of
empirical simulation studies", Journal of Simulation 13(1), 2019.
doi:10.1080/17477778.2018.1442155
"""

from analysis.stress_des.page import Facts, Item, checklist, markdown

__all__ = ["Facts", "Item", "checklist", "markdown"]
