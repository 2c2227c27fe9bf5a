"""What a shop keeps, as a whole: projects, people and objects, opened in one place.

`settings` reads the environment, `opening` opens what it names (a fresh machine's files when it
names nothing), `checking` finds what is lost or left over and mends it, `purging` removes deleted
projects with their objects, `exporting` and `importing` carry a project to another installation in
one file, `figures` lays the figures of all runs into one table. Knows `domain` and the rooms that
keep: `projects`, `users`, `storage`.
"""

from stitchsketch_kernel.stores.opening import Stores, open_stores
from stitchsketch_kernel.stores.settings import StoreSettings

__all__ = ["StoreSettings", "Stores", "open_stores"]
