"""Invoices and orders."""

from training.kinds.base import boolean, choice, fact, kind, records
from training.kinds.parts import ITEM, ITEM_LINES, PRICE, QUANTITY, SKU, party
from training.values import Values as V

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
    party(
        "seller vendor supplier issuer",
        """from @~issued by @~sold by @~the seller is @~vendor: @~your supplier is @~@ sent you this invoice
        // supplied to you by @~the issuing firm is @""",
    ),
    party(
        "customer client buyer bill_to billing",
        """billed to @~for @~customer: @~to @~the customer is @~client @~issued to @
        // addressed to our client @~the one who pays is @""",
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
    party(
        "ship_to recipient shipping_address delivery_address destination",
        """ship to @~deliver to @~shipping address: @~recipient: @~to @~please send it to @
        // the parcel goes to @~bring it to @""",
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

KINDS = (INVOICE, ORDER)
