"""Invoices, orders and products."""

from training.kinds.base import boolean, choice, fact, group, kind, listing, records
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


def _party(keys: str, phrases: str, person: bool = False):
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


INVOICE = kind(
    "invoice",
    """INVOICE|Invoice|Dear customer,|Hello,|Please find our bill below.
        |*** INVOICE *** // RECHNUNG / INVOICE|To whom it may concern,""",
    fact(
        "invoice_number invoice_id number invoice_no reference id",
        V.code,
        "Invoice no.|Invoice number|Invoice #|Invoice|Ref|Number|Invoice ID // Bill no.|Document number",
        """invoice {}|invoice no. {}|invoice number {}|this is invoice {}|bill {}|our invoice {}
        |your invoice {} is ready|regarding invoice {}|reference {}|ref. {}|invoice {} is attached
        |we refer to invoice {}          |the number of this invoice is {}|please quote {} when paying
        |document {}|invoice # {}|we have issued invoice {}
        |as agreed, here is invoice {} // this bill carries the number {}|filed under {}
        |quote our reference {}""",
    ),
    fact(
        "date invoice_date issue_date issued issued_on",
        V.date,
        "Date|Invoice date|Issued|Date of issue // Issue date",
        """dated {}|issued on {}|of {}|invoice date {}|date: {}|written on {}|the invoice date is {}
        |it was issued {}|created {}|billed on {}|from {}|we issued it on {} // drawn up on {}
        |the bill was made out on {}|printed on {}""",
    ),
    fact(
        "due_date due payment_due pay_by deadline",
        V.date,
        "Due date|Due|Payment due|Payable by|Pay by // Settle by|Deadline",
        """due on {}|due {}|payable by {}|payment is due by {}|please pay by {}|please pay before {}
        |the due date is {}|payment deadline {}|to be paid by {}|must be paid no later than {}|pay until {}
        |it falls due on {}|we expect payment by {}|due date: {}
        |kindly transfer the amount by {} // to be settled before {}|the money should reach us by {}
        |last day of payment: {}""",
    ),
    fact(
        "total amount total_amount amount_due grand_total sum",
        V.price,
        "Total|Amount due|Total amount|Grand total|Sum|Balance due // To pay|Total payable",
        """the total is {}|total {}|for a total of {}|amount due {}|the amount due is {}|total amount: {}
        |in total {}|the total comes to {}|altogether {}|to pay: {}|you owe us {}|for {} in all
        |it amounts to {}|the grand total is {}|the sum is {}          |please transfer {}|over {}
        |balance due: {} // the sum payable is {}|all in all this makes {}|the bill comes to {}""",
    ),
    fact(
        "subtotal net net_amount net_total",
        V.price,
        "Subtotal|Net|Net amount // Before tax",
        """subtotal {}|net amount {}|net {}|before tax {}|the subtotal is {}|excluding VAT: {}
        |net total of {} // the amount without tax is {}|sum before tax {}""",
    ),
    fact(
        "tax vat vat_amount tax_amount",
        V.price,
        "VAT|Tax|Sales tax // VAT amount",
        """VAT {}|tax {}|plus {} VAT|including {} tax|the tax is {}|of which VAT {}
        |sales tax: {} // the state takes {}|VAT share {}""",
    ),
    fact(
        "purchase_order po_number order_number po",
        V.code,
        "PO|PO number|Your order|Purchase order // Order ref.",
        """for your order {}|purchase order {}|PO {}|your order number {}|regarding order {}|PO number: {}
        |it concerns order {} // ordered under {}|belonging to order {}""",
    ),
    fact(
        "iban account bank_account account_number",
        V.code,
        "IBAN|Account|Bank account // Account no.",
        """account {}|to our account {}|IBAN {}|bank account {}|please transfer to {}
        |our account number is {} // into the account {}|our bank details: {}""",
    ),
    fact(
        "currency",
        V.currency,
        "Currency // Cur.",
        """currency {}|all amounts in {}|billed in {}|prices are in {}|the currency is {} // stated in {}
        |payable in {}""",
    ),
    fact(
        "seller vendor supplier issuer company from",
        V.company,
        "Seller|Vendor|From|Supplier|Issued by // Issuer",
        """from {}|issued by {}|sold by {}|the seller is {}|your supplier {}|vendor: {}|{} sent this invoice
        |{} bills you|best regards, {}|by {} // supplied to you by {}|the issuing firm is {}""",
    ),
    fact(
        "customer client buyer billed_to bill_to customer_name",
        V.name,
        "Customer|Client|Bill to|To|Buyer // Billed to|Invoice to",
        """billed to {}|for {}|to {}|for customer {}|client: {}|customer {}|attention {}|the customer is {}
        |bill to {}|dear {}|issued to {}|our client {}|bought by {} // addressed to our client {}
        |the one who pays is {}""",
    ),
    _party(
        "seller vendor supplier issuer",
        "from @~issued by @~sold by @~the seller is @~vendor: @~your supplier is @~@ sent you this invoice // supplied to you by @~the issuing firm is @",
    ),
    _party(
        "customer client buyer bill_to billing",
        "billed to @~for @~customer: @~to @~the customer is @~client @~issued to @ // addressed to our client @~the one who pays is @",
        True,
    ),
    records(
        "items lines line_items positions products articles",
        ITEM_LINES,
        """Items:|Positions|We delivered:|for the following:|You ordered:|Details:|Items // Goods:
        |What you bought:""",
        name=ITEM,
        quantity=QUANTITY,
        price=PRICE,
        sku=SKU,
    ),
    choice(
        "status payment_status state",
        "Status|Payment|Payment status // State",
        paid="""paid, PAID, settled, Paid: has been settled|is already paid|was paid in full
        |payment received, thank you|has been paid|the money has arrived|we have received your payment|paid
        |settled|the bill is settled|fully paid|paid by card yesterday // nothing is left to pay
        |your transfer reached us""",
        open="""open, unpaid, pending, outstanding, OPEN: is still open|has not been paid yet|not yet paid
        |payment is pending|awaiting payment|unpaid|open|we are waiting for your payment|is outstanding
        |the amount is still outstanding|still to be paid // we have not seen any money so far
        |your transfer has not reached us""",
        overdue="""overdue, late, past_due, OVERDUE: is overdue|payment is late|is past due
        |the deadline has passed|second reminder|overdue|you are late with the payment
        |this is the final reminder|is 14 days late // should have been paid long ago
        |the time to pay is over""",
        cancelled="""cancelled, void, canceled, CANCELLED: has been cancelled|was voided|is cancelled
        |no longer valid|cancelled|void|we cancelled this invoice
        |please ignore this invoice, it was withdrawn // this bill has been called off
        |we took this bill back""",
    ),
    boolean(
        "paid is_paid settled",
        "Paid|Settled // Is paid",
        """already paid|payment received|paid in full|has been paid|it is settled|thank you for your payment
        |the money has arrived // your transfer reached us|nothing is left to pay""",
        """not yet paid|still unpaid|payment pending|has not been paid|is still open|awaiting payment
        |outstanding // nothing was transferred yet|we have not seen any money so far""",
    ),
    fact(
        "payment_method method payment paid_with",
        lambda v: v.pick(
            ["credit card", "bank transfer", "PayPal", "cash", "direct debit", "cheque", "invoice", "Visa"]
        ),
        "Payment method|Method // Paid with",
        """payment by {}|paid by {}|payment method: {}|please pay by {}|we accept {}
        |paid with {} // settled through {}|the way of payment is {}""",
    ),
)

ORDER = kind(
    "order",
    """Order confirmation|Thank you for your order!|Hi,|New order received.|Dear customer, // Your purchase
        |We got your order.""",
    fact(
        "order_id order_number order number id order_no",
        V.code,
        "Order|Order no.|Order number|Order ID|Order # // Purchase no.",
        """order {}|order number {}|order no. {}|your order {}|order {} has been placed|we received order {}
        |this is order {}|the order number is {}|your order ID is {}|order # {}|confirmation {}
        |order {} is confirmed|regarding your order {} // booked under {}|your purchase has the number {}""",
    ),
    fact(
        "customer customer_name buyer name ordered_by client",
        V.name,
        "Customer|Buyer|Name|Ordered by // Purchaser",
        """ordered by {}|for {}|customer {}|placed by {}|from {}|the customer is {}|buyer: {}|dear {}
        |{} ordered|{} has bought|on behalf of {}|{} wants // the purchaser is {}|{} sent us an order for""",
    ),
    fact(
        "date order_date ordered ordered_on",
        V.date,
        "Date|Order date|Ordered // Placed",
        """on {}|ordered on {}|order date {}|placed on {}|dated {}|we got it on {}
        |received {} // it came in on {}|bought {}""",
    ),
    fact(
        "delivery_date delivery ship_date arrival expected_delivery deliver_by",
        V.date,
        "Delivery|Delivery date|Ships|Arrives // Delivered by|ETA",
        """delivery on {}|will be delivered on {}|arrives {}|ships {}|to be delivered on {}|delivery by {}
        |delivery date: {}|it will arrive on {}|expected on {}|should arrive by {}|please deliver by {}
        |shipping date {} // it reaches you on {}|needed no later than {}|the parcel comes on {}""",
    ),
    fact(
        "tracking tracking_number tracking_code parcel",
        V.code,
        "Tracking|Tracking no.|Tracking number // Parcel no.",
        """tracking {}|tracking number {}|track it with {}|the tracking code is {}|parcel {}
        |track your parcel: {} // follow the parcel under {}|shipment code {}""",
    ),
    fact(
        "total amount price total_price",
        V.price,
        "Total|Amount|Price // Sum",
        """total {}|for {}|the total is {}|it costs {} in total|amount {}|total price {}|worth {}
        |you paid {} // altogether that makes {}|the bill comes to {}""",
    ),
    fact(
        "shipping shipping_cost delivery_fee",
        V.price,
        "Shipping|Delivery fee|Shipping cost // Postage",
        """shipping {}|plus {} shipping|delivery fee {}|shipping costs {}|postage {} // sending it costs {}
        |for delivery we charge {}""",
    ),
    fact(
        "carrier shipper shipped_by",
        lambda v: v.pick(["DHL", "UPS", "FedEx", "DPD", "GLS", "Royal Mail", "PostNord", "Hermes"]),
        "Carrier|Shipped by // Sent with",
        """shipped by {}|via {}|with {}|carrier {}|sent with {}|{} will deliver it // {} brings it to you
        |handled by {}""",
    ),
    _party(
        "ship_to recipient shipping_address delivery_address destination",
        "ship to @~deliver to @~shipping address: @~recipient: @~to @~please send it to @ // the parcel goes to @~bring it to @",
        True,
    ),
    records(
        "items products articles lines order_items",
        ITEM_LINES,
        "Items:|Your items:|Ordered:|Articles|Contents:|containing // Basket:|What you bought:",
        name=ITEM,
        quantity=QUANTITY,
        price=PRICE,
        sku=SKU,
    ),
    fact(
        "product item article product_name",
        V.product,
        "Product|Item|Article // Goods",
        """a {}|one {}|the {}|product: {}|of {}|ordered the {}|item {}
        |would like the {} // wants to have the {}|article ordered: {}""",
    ),
    fact(
        "quantity qty count boxes pieces",
        V.quantity,
        "Quantity|Qty|Pieces // Units",
        """quantity {}|{} pieces|{} units|{} boxes|{} of them|qty {}|{} items
        |in a quantity of {} // the number wanted is {}|{} pcs""",
    ),
    choice(
        "status order_status state",
        "Status|Order status|State // Stage",
        shipped="""shipped, sent, dispatched, SHIPPED: has been shipped|is on its way|was sent today
        |left our warehouse|shipped|dispatched|the parcel is with the carrier
        |we have sent it // it went out of the door|is travelling to you""",
        delivered="""delivered, received, DELIVERED: has been delivered|was delivered|arrived at your door
        |delivered|the customer has received it|was handed over // is in your hands now
        |reached its destination""",
        processing="""processing, pending, open, PROCESSING: is being processed|is being packed
        |we are preparing it|not shipped yet|processing|pending|is in preparation
        |awaiting shipment // our staff are putting it together|will go out soon""",
        cancelled="""cancelled, canceled, CANCELLED: has been cancelled|was cancelled by the customer
        |cancelled|will not be shipped|is cancelled|the order was withdrawn // has been called off
        |will never be sent""",
    ),
    boolean(
        "express is_express priority urgent",
        "Express|Priority // Rush",
        """express delivery|send it express|urgent order|as fast as possible
        |with priority // there is a great hurry|overnight please""",
        "standard delivery|no hurry|normal shipping|not urgent|regular mail // it can wait|take your time",
    ),
    boolean(
        "gift gift_wrap is_gift",
        "Gift|Gift wrap // As a present",
        """it is a gift|please wrap it as a gift|gift wrapping requested
        |with gift wrap // meant as a present|put a ribbon on it""",
        "no gift wrapping|not a gift|without gift wrap // no ribbon needed|for own use",
    ),
    fact(
        "note comment remark instructions",
        V.title,
        "Note|Comment|Remark|Instructions // Memo",
        "note: {}|comment: {}|please note: {}|remark: {}|the customer writes: {} // hint: {}|memo: {}",
    ),
)

PRODUCT = kind(
    "product",
    "New in our shop|Product sheet|Special offer!|Now available: // Catalogue|Just arrived",
    fact(
        "name product product_name title item",
        V.product,
        "Product|Name|Item|Title // Article name",
        """the {}|new: {}|buy the {}|{}|introducing the {}|this {}|our {}|get the {} now|product: {}
        |presenting the {}|meet the {}|the product is called {}|for sale: {} // have a look at this {}
        |say hello to the {}|we offer the {}""",
    ),
    fact(
        "sku code item_code article_number product_code id",
        V.code,
        "SKU|Code|Item code|Article no.|Product code // Cat. no.",
        """SKU {}|item code {}|code {}|article {}|product code {}|(SKU {})|the SKU is {}|article number {}
        |listed as {}|item no. {} // catalogue entry {}|found under {}""",
    ),
    fact(
        "price cost unit_price retail_price amount",
        V.price,
        "Price|Cost|Our price|Retail price // Costs",
        """for {}|price {}|costs {}|only {}|priced at {}|at {}|the price is {}|available for {}|now {}
        |it costs {}|sells for {}|just {}|for only {}|retail price: {} // yours at just {}|you pay {}
        |on offer at {}""",
    ),
    fact(
        "stock quantity in_stock available units",
        V.quantity,
        "Stock|In stock|Quantity|Units // On hand",
        """{} in stock|{} units left|stock: {}|{} pieces available|only {} left|we have {} of them
        |{} available|{} items on stock|currently {} in the warehouse // we still have {} of them
        |the shelf holds {}""",
    ),
    fact(
        "color colour finish",
        lambda v: v.listed("COLOUR"),
        "Colour|Color|Finish // Shade",
        """in {}|colour {}|{} finish|color: {}|comes in {}|available in {}|the colour is {}
        |{} version // painted {}|its tone is {}""",
    ),
    fact(
        "brand maker manufacturer company",
        V.company,
        "Brand|Maker|Manufacturer // Made by",
        """by {}|made by {}|brand: {}|from {}|brand {}|produced by {}|manufacturer: {}|a product of {}
        |built by {} // manufactured by {}|{} stands behind it""",
    ),
    fact(
        "material made_of fabric",
        lambda v: v.listed("MATERIAL"),
        "Material|Made of|Fabric // Consists of",
        "made of {}|material: {}|in {}|of solid {}|{} body|from {} // crafted out of {}|it consists of {}",
    ),
    fact(
        "weight weight_kg kg",
        lambda v: v.decimal(0.1, 60),
        "Weight|Weight (kg)|kg // Mass",
        """weighs {} kg|weight {} kg|{} kg|weight: {} kg|with a weight of {} kg
        |at {} kilograms // {} kg on the scales|tips the scales at {} kg""",
    ),
    fact(
        "rating stars score",
        lambda v: v.decimal(1, 5),
        "Rating|Stars|Score // Rated",
        """rated {} stars|rating {}|{} out of 5|customers give it {}|{} stars
        |average rating {} // reviewers awarded {}|it scores {} points""",
    ),
    fact(
        "category type department",
        lambda v: v.listed("TAG"),
        "Category|Department|Type // Section",
        """category {}|in the {} section|category: {}|type: {}|belongs to {}|listed in {} // placed among {}
        |shelved under {}""",
    ),
    fact(
        "warranty warranty_years guarantee",
        lambda v: v.integer(1, 10),
        "Warranty (years)|Warranty|Guarantee // Years of warranty",
        """{} years warranty|with {} years of guarantee|warranty of {} years|{} year warranty
        |comes with a {} year guarantee // guaranteed for {} years|covered for {} years""",
    ),
    fact(
        "url link website",
        V.url,
        "URL|Link|Website // Web",
        "see {}|more at {}|order at {}|link: {}|visit {}|details: {} // find it at {}|read on: {}",
    ),
    listing(
        "tags keywords categories labels",
        lambda v: v.listed("TAG"),
        "Tags|Keywords|Labels // Filed under",
        "tags: {}|tagged {}|keywords: {}|tagged with {}|labels {} // marked as {}|catchwords: {}",
    ),
    listing(
        "colors colours options variants",
        lambda v: v.listed("COLOUR"),
        "Colours|Colors|Options|Variants // Shades",
        """comes in {}|available in {}|colours: {}|you can choose {}|variants: {} // offered in {}
        |pick between {}""",
    ),
    boolean(
        "available in_stock is_available",
        "Available|In stock // Can be ordered",
        """available now|ready to ship|in the shop now|in stock|can be ordered today
        |is available // can be had at once|waiting for you on the shelf""",
        """sold out|not available|out of stock|no longer available|currently unavailable
        |discontinued // nowhere to be had|gone for good""",
    ),
    choice(
        "size",
        "Size // Fit",
        small="small, S: size small|in size S|the small one|small size // for little people",
        medium="medium, M: size medium|in size M|the medium one|medium size // the middle size",
        large="large, L: size large|in size L|the large one|large size // for big people",
    ),
    choice(
        "condition state",
        "Condition|State // Shape",
        new="new, NEW: brand new|unopened box|new|factory sealed|never used // straight from the factory",
        used="used, second_hand, USED: second hand|used|with signs of use|pre-owned // has had one owner",
        refurbished="""refurbished, renewed: refurbished|professionally renewed|overhauled by the maker
        |refurbished // brought back to life in our workshop""",
    ),
)

KINDS = (INVOICE, ORDER, PRODUCT)
