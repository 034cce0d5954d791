"""Products."""

from training.kinds.base import boolean, choice, fact, kind, listing
from training.values import Values as V

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

KINDS = (PRODUCT,)
