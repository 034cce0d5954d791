"""Facts, parties and line items that several kinds share."""

from training.kinds.base import Group, fact, group
from training.values import Values as V

NAME = fact("name company company_name", V.company, "Name|Company // Firm", "{}")
PERSON = fact("name full_name", V.name, "Name|Full name // Called", "{}")
CITY = fact("city town", V.city, "City|Town // Place", "{}")
STREET = fact("street address street_address", V.street, "Street|Address // Street address", "{}")
EMAIL = fact("email email_address", V.email, "E-mail|Email|Mail // E-mail address", "{}")
PHONE = fact("phone phone_number tel", V.phone, "Phone|Tel|Telephone // Phone number", "{}")
COUNTRY = fact("country", V.country, "Country // Land", "{}")
ZIP = fact("zip postal_code postcode zip_code", V.zip, "ZIP|Postcode|Postal code // PLZ", "{}")

ITEM = fact(
    "name product description item title article product_name",
    V.product,
    "Item|Product|Description|Article // Goods",
    "{}",
)
QUANTITY = fact("quantity qty count amount units", V.quantity, "Qty|Quantity|Count // Units", "{}")
PRICE = fact("price unit_price cost price_each rate", V.price, "Price|Unit price|Cost // Price each", "{}")
SKU = fact("sku code item_code article_number", V.code, "SKU|Code|Item code // Art. no.", "{}")

ITEM_LINES = """{quantity} x {name} at {price}|{quantity}x {name} @ {price}
        |{quantity} {name} at {price} each|{name}, {quantity} pcs, {price} |{name} x {quantity}: {price}
        |{name} - {quantity} - {price}|{name} ({quantity} pieces, {price} each)|{name}: {quantity} x {price}
        |{quantity} units of {name} for {price} each |{name}, qty {quantity}, {price} each|{name}
        | {quantity} | {price}|{quantity} {name}|{quantity} x {name}|{name} x{quantity}|{name} {price}
        |{name}: {price}|{name} for {price} |{sku} {name} {quantity} {price}|{name} ({sku}) {price}
        |{quantity} of the {name}, {price} apiece
        |{name} × {quantity} — {price} // {name} * {quantity} = {price}
        |{quantity} pieces {name}, unit price {price}|{name} [{quantity}] {price}
        |{quantity} pcs of {name} costing {price} each"""

PARTY = """{name} in {city}|{name}, {city}|{name} ({city})|{name}, {street}, {city}|{name} of {city}|{name}
        |{name}, based in {city}, {country}|{name}, {email}|{name} <{email}> |{name} at {street} in {city}
        |{name}, tel. {phone}|{name}, {street}, {zip} {city}|{name} ({city}, {country})
        |{name} with its office at {street}, {city} // {name} from {city}|{name} whose seat is {city}
        |{name}, located at {street} in {city}"""


def party(keys: str, phrases: str, person: bool = False) -> Group:
    """Each phrase has the place `@` for one of the descriptions of a party."""

    def build(side: str, descriptions: str) -> str:
        return "|".join(
            p.strip().replace("@", d.strip())
            for p in side.replace("\n", " ").split("~")
            for d in descriptions.replace("\n", " ").split("|")
        )

    train, held = phrases.split("//")
    train_d, held_d = PARTY.split("//")
    return group(
        keys,
        build(train, train_d) + " // " + build(held, held_d),
        name=PERSON if person else NAME,
        city=CITY,
        street=STREET,
        email=EMAIL,
        phone=PHONE,
        country=COUNTRY,
        zip=ZIP,
    )
