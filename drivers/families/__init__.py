"""One module a modem family; each is found by its name in a model profile."""

from importlib import import_module

from config.profiles import ModemProfile
from drivers.families.generic import Generic


def family_of(profile: ModemProfile) -> Generic:
    """The family that speaks as `profile` says: class Quectel of module quectel, and so on."""
    module = import_module(f"{__name__}.{profile.family}")
    family: type[Generic] = getattr(module, profile.family.capitalize())
    return family(profile)
