"""The word lists that names, places and questions are drawn from.

People, teams, firms, countries and works are made up here; none of them exists.
"""

from livedata.simulator.draw import mix, pick, unit

COUNTRIES = (
    ("Varenia", "Varenian"), ("Kestria", "Kestrian"), ("Ostmark", "Ostmarker"), ("Lumeria", "Lumerian"),
    ("Tarsova", "Tarsovan"), ("Belgara", "Belgaran"), ("São Aurélio", "Aurelian"), ("Norrvik", "Norrvian"),
    ("Cassava Coast", "Cassavan"), ("Ilyrien", "Ilyrian"), ("Maravelle", "Maravellian"),
    ("Quenda", "Quendan"), ("Zöllern", "Zöllern"), ("Petrovia", "Petrovian"), ("Haldane", "Haldanian"),
    ("Côte d’Ambre", "Ambrian"),
)  # fmt: skip
CITIES = (
    "Österby", "Port Calder", "Vila Serena", "Karlshamn Nova", "Brannigan", "Altmünde", "Saint-Éloi",
    "Tavira Bay", "Mirovsk", "Eastmoor", "Lindhaven", "Qasr Adan", "New Harrow", "Rivergate",
    "Santa Brígida", "Tornavik", "Ashkelton", "Pontarra", "Gdynów", "Wexcombe", "Málinec", "Dunmarrow",
    "Keelung Point", "Fairmont Cross",
)  # fmt: skip
GIVEN = (
    "Marta", "Jonas", "Ilse", "Tomás", "Noor", "Viktor", "Amélie", "Desmond", "Priya", "Łukasz", "Renata",
    "Callum", "Sanne", "Mateus", "Ingrid", "Oleg", "Tamsin", "Rafael", "Yuki", "Bronwyn", "Emeka", "Zsófia",
    "Håkon", "Leila", "Dimitri", "Colette", "Anders", "Imani", "Søren", "Beatriz", "Gideon", "Farah",
)  # fmt: skip
FAMILY = (
    "Velasquin", "Brandvold", "Okonrade", "Thessaly", "Marchetta", "Lindqvarn", "Dvorakin", "Ashgrove",
    "Pemberlow", "Nakamori", "Szentesi", "Calloway-Reyes", "Öztekin", "Van der Molen", "Kowalczuk",
    "Ferreirinha", "Hollander", "Mbekwu", "Stenmark", "O’Dowrick", "Quillfeather", "Radulescu", "Halvorsun",
    "Grünwaldt", "Pereskov", "Tanaway", "Delacroisse", "Yardley", "Ibarrola", "Whitcombe", "Jørgenstad",
    "Castellane",
)  # fmt: skip
PARTIES = (
    "Civic Union", "Green Forum", "National Renewal", "Labour Front", "Liberal Alliance", "Agrarian League",
    "Coastal Movement", "People’s Choice", "Christian Centre", "New Horizon", "Workers’ Party",
    "Pirate List",
)  # fmt: skip
COMPANIES = (
    ("Helion Motors", "HLN"), ("Brightwater Foods", "BWF"), ("Norrsken Energy", "NRSK"),
    ("Cobalt Systems", "CBLT"), ("Pellucid AI", "PLCD"), ("Ardent Pharma", "ARDN"), ("Vantage Air", "VNTG"),
    ("Quarry Bank", "QRB"), ("Lumen Robotics", "LMRB"), ("Tidewater Retail", "TDW"),
    ("Orchard Mobile", "ORCM"), ("Stratus Games", "STGM"),
)  # fmt: skip
PRODUCTS = (
    "Pellucid 5", "Cobalt One phone", "Helion Coupé", "Aurora-2 reasoning model", "Stratus Deck handheld",
    "Orchard Lens headset", "Lumen Home robot", "Norrsken fusion pilot", "Vantage V9 airliner",
    "Cobalt OS 12",
)  # fmt: skip
WORKS = (
    "The Glass Orchard", "Midnight in Tornavik", "Saltwater Kings", "Echoes of Varenia",
    "The Last Cartographer", "Paper Lanterns", "A Quiet Fleet", "Iron Harvest Moon", "Dear Mr. Yardley",
    "Beneath the Ice Road", "Überland", "The Seventh Bell", "Nocturne for Two", "Where Rivers Argue",
    "Kestrel Down", "Velvet Static",
)  # fmt: skip
ARTISTS = (
    "Neon Almanac", "Sister Harbour", "DJ Quillon", "Mara Vantongeren", "The Paper Foxes", "Lowtide",
    "Élodie Marchand", "Kid Solstice", "Golden Hour Choir", "Papa Mbekwu", "Static Bloom",
    "Yuki & the Tides", "Hollow Crown", "Zephyrine",
)  # fmt: skip
BODIES = ("Parliament", "Senate", "National Assembly", "Supreme Court", "Cabinet", "Electoral Commission")
PHRASES = (
    "inflation", "artificial intelligence", "border", "tariff", "historic", "climate", "fake news",
    "nuclear", "golden age", "recession", "interest rate", "football", "peace plan", "deficit",
    "energy independence", "China",
)  # fmt: skip

# Leagues with their teams: (name, short name) each; team codes come from the names.
BASKETBALL = ("Continental Basketball League", "CBL", (
    "Harrow Kestrels", "Calder Pilots", "Brannigan Bulls", "Eastmoor Comets", "Rivergate Rapids",
    "Lindhaven Larks", "Wexcombe Wardens", "Dunmarrow Stags", "Fairmont Foxes", "Tornavik Titans",
    "Pontarra Pumas", "Altmünde Arrows", "Keelung Kings", "Serena Surge", "Mirovsk Wolves",
    "Ashkelton Aces", "Gdynów Gulls", "Adan Scorpions",
))  # fmt: skip
HOCKEY = ("Northern Hockey Circuit", "NHC", (
    "Norrvik Icebreakers", "Tornavik Trolls", "Österby Bears", "Mirovsk Sabres", "Málinec Miners",
    "Eastmoor Elks", "Brannigan Blades", "Karlshamn Kraken", "Harrow Huskies", "Dunmarrow Drakes",
    "Lindhaven Lynx", "Gdynów Gladiators",
))  # fmt: skip
FOOTBALL = ("Liga Atlântica", "LAT", (
    "Vila Serena FC", "Atlético Pontarra", "CD Santa Brígida", "Real Maravelle", "Österby IF",
    "Saint-Éloi SC", "FC Altmünde 04", "Rapid Mirovsk", "Sporting Tavira", "Deportivo Quenda",
    "Wexcombe Town", "AC Belgara", "Union Lumeria", "GKS Gdynów", "Calder Rovers", "Racing d’Ambre",
    "Tarsova United", "SV Zöllern",
))  # fmt: skip
CRICKET = ("Southern T20 Cup", "ST20", (
    "Quenda Chargers", "Adan Falcons", "Keelung Tigers", "Cassava Coasters", "Haldane Royals",
    "Maravelle Mariners", "Belgara Bats", "Lumeria Lions",
))  # fmt: skip
ESPORTS = ("Arena Masters", "AM", (
    "Nightjar", "Team Ozone", "404 Collective", "Ruby Rooks", "Polar Vortex", "KILN", "Second Wind",
    "Hexa Prime", "Øde Gaming", "Lucky Thirteen", "Glasswing", "Mono no Aware",
))  # fmt: skip
GAMES = ("Rift of Titans", "Counter-Siege", "Starfall Legends")
CUPS = ("Karlshamn Open", "Tavira Bay Classic", "Coupe de Saint-Éloi", "Altmünde Indoors", "Quenda Masters")
STATISTICS = ("Points", "Rebounds", "Assists")

_ADJECTIVES = (
    "brisk",
    "quiet",
    "amber",
    "late",
    "plain",
    "odd",
    "lucky",
    "stray",
    "humble",
    "crisp",
    "salty",
    "keen",
)
_ANIMALS = (
    "heron",
    "otter",
    "lynx",
    "magpie",
    "badger",
    "ibex",
    "plover",
    "marten",
    "gecko",
    "osprey",
    "vole",
)


def person(key: int, *parts: int) -> str:
    return f"{pick(GIVEN, key, *parts, 1)} {pick(FAMILY, key, *parts, 2)}"


def sample(items: tuple[str, ...], count: int, key: int, *parts: int) -> list[str]:
    """`count` different items, in an order drawn from the key."""
    order = sorted(range(len(items)), key=lambda index: mix(key, *parts, index))
    return [items[index] for index in order[:count]]


def people(count: int, key: int, *parts: int) -> list[str]:
    """`count` people with different family names."""
    families = sample(FAMILY, count, key, *parts)
    return [f"{pick(GIVEN, key, *parts, index, 3)} {family}" for index, family in enumerate(families)]


def trader_name(who: int) -> str:
    """A pseudonym like the site gives to those who choose none."""
    return f"{pick(_ADJECTIVES, who, 1)}-{pick(_ANIMALS, who, 2)}-{int(unit(who, 3) * 97)}"
