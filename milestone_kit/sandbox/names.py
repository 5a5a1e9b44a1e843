"""Invented names for the synthetic universe: people, places, companies, and their ids and ticker codes."""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from dataclasses import dataclass
from itertools import product
from typing import Final

__all__ = [
    "COMPANIES",
    "ESPORTS_TEAMS",
    "FIRST_NAMES",
    "NOUNS",
    "OFFICES",
    "PEOPLE",
    "PLACES",
    "Pool",
    "code_of",
    "pool",
]

_NAMESPACE: Final = b"milestone_kit sandbox/"


def code_of(name: str) -> str:
    """Return the three capitals a ticker uses for a name, such as "SIM" for "Šimunek"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return ("".join(filter(str.isalpha, plain)) + "XYZ")[:3]


def _id_of(name: str) -> str:
    """Return a UUID (version 8, made of a hash) that is always the same for a name."""
    h = hashlib.blake2b(_NAMESPACE + name.encode(), digest_size=16).hexdigest()
    return f"{h[:8]}-{h[8:12]}-8{h[13:16]}-a{h[17:20]}-{h[20:]}"


@dataclass(frozen=True, slots=True)
class Pool:
    """A list of names with their ticker codes and stable UUIDs, in parallel."""

    names: tuple[str, ...]
    codes: tuple[str, ...]
    ids: tuple[str, ...]

    @classmethod
    def of(cls, names: tuple[str, ...], key: str = "") -> Pool:
        """Give every name its code and its id, which are always the same; `key` keeps namesakes apart."""
        return cls(
            names,
            tuple(map(code_of, names)),
            tuple(_id_of(f"{key}/{name}") for name in names),
        )

    def __len__(self) -> int:
        return len(self.names)


_STEMS = (
    "Vel", "Mar", "Kos", "Dra", "Ostr", "Lind", "Brand", "Hal", "Kar", "Pet", "Zel", "Nov", "Rad", "Tom",
    "Ber",
    "Sand", "Fal", "Cor", "Mont", "Alb", "Tver", "Jor", "Ven", "Gar", "Sel",
)  # fmt: skip
_ENDINGS = (
    "ova", "ković", "sson", "escu", "ini", "ard", "berg", "wicz", "enko", "ez", "oto", "akis", "ley", "ström",
    "mann", "ira", "eau", "nen", "vik", "adze",
)  # fmt: skip

PEOPLE: Final = Pool.of(
    (
        "Šimunek",
        "Łukowicz",
        "Nguyễn-Hale",
        "O’Darragh",
        "García-Brandt",
        "Yıldızer",
        "Ørnvik",
        "北川",
        "Þórsson",
        *(stem + ending for ending, stem in product(_ENDINGS, _STEMS)),
    )
)

PLACES: Final = Pool.of(
    (
        "Harbor City", "Port Elgin", "Vallmora", "São Telmo", "Kestrel Bay", "Northgate", "Ashford Hills",
        "Mirabelle",
        "Lindholm", "Örebrück", "Castelvara", "Stonebridge", "Río Claro", "Westmere", "Silver Falls",
        "Dunmarrow",
        "Kowalin", "Tarn Valley", "Elmsford", "Blackwater", "Oakhaven", "Saint Corin", "Marrakat",
        "Velinograd",
        "Nová Lhota", "Kirkwall Point", "Aldermoor", "Cedar Ridge", "Monteluna", "Hvitfjord", "Grand Prairie",
        "Ravensholm", "Zelenik", "Puerto Alba", "Tamsworth", "Fairmont", "Ironvale", "Côte-Brune",
        "Sandhaven",
        "Whitcombe", "Larkspur", "Amberley", "Thornbury", "Bellacosta", "Gullmar", "Redwater", "Ostrava Nova",
        "Calder Springs", "Drumlin", "Queensferry", "Nagahama Bay", "İnceköy", "Brightwater", "Foxglen",
        "Sunridge",
        "Maplewood", "Edgewater", "Prairie View", "Highmoor", "Clearbrook",
    )
)  # fmt: skip

ESPORTS_TEAMS: Final = Pool.of(
    (
        "Nova Rift", "Iron Quorum", "Paper Tigers", "Null Pointers", "Crimson Relay", "Polar Nine",
        "Ghost Harbor",
        "Team Halcyon", "Lucky Sevens", "Orbit Esports", "Violet Storm", "Kraken Academy", "Sundown",
        "Zero Latency",
        "Marble Wolves", "Hexagon", "Tidal", "Ember Five", "Quiet Riot Squad", "Ωmega Point",
        "Northern Lights",
        "Blue Canary", "Midnight Owls", "Static Bloom", "Vector Kings", "Sable", "Red Lanterns",
        "Atlas Gaming",
        "Wild Geese", "Pixel Union",
    )
)  # fmt: skip

COMPANIES: Final = Pool.of(
    (
        "Brightwater Systems", "Orchard & Vale", "Lumen Freight", "Nordhaven Bank", "Cobalt Robotics",
        "Tessera Foods",
        "Halden Pharma", "Quillon", "Aurelia Motors", "Pinecrest Media", "Vantage Mills", "Sierra Optics",
        "Marlowe Air",
        "Greyfield Energy", "Kindling Labs", "Ostrich Retail", "Delphine Cosmetics", "Ferro Dynamics",
        "Bluestem Agri",
        "Zephyr Wireless", "Castor Semiconductor", "Elmwood REIT", "Juniper Toys", "Rook Security",
        "Hollis Hotels",
    )
)  # fmt: skip

NOUNS: Final = (
    "Lumen", "Meridian", "Aurora", "Summit", "Cascade", "Solstice", "Beacon", "Atlas", "Horizon", "Ember",
    "Willow",
    "Falcon", "Juniper", "Opal", "Tempest", "Harvest", "Compass", "Velvet", "Granite", "Cinder",
)  # fmt: skip

OFFICES: Final = (
    "mayoral",
    "senate",
    "parliamentary",
    "presidential",
    "governor",
    "city council",
    "assembly",
)

FIRST_NAMES: Final = (
    "Ada", "Bruno", "Celia", "Dario", "Elin", "Farid", "Greta", "Hugo", "Irma", "Jonas", "Kaya", "Luis",
    "Mina", "Nils", "Olga", "Pavel", "Rosa", "Sami", "Tess", "Uwe", "Vera", "Wim", "Yara", "Zeno",
)  # fmt: skip
"""Given names; the n-th person has the n-th, going round."""


@functools.cache
def pool(key: str) -> Pool:
    """Return who takes part in a league: "people:Tennis", "teams:Basketball:NBA", "esports:Esports:CS2"."""
    who = key.partition(":")[0]
    names = {"people": PEOPLE, "teams": PLACES, "esports": ESPORTS_TEAMS}[who].names
    return Pool.of(names, key)
