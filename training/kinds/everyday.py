"""Books, films and small everyday records."""

from training.kinds.base import boolean, choice, fact, group, kind, listing, records
from training.values import Values as V

BOOK = kind(
    "book",
    "Library record|Review|New in the library|Recommended // From the shelf|Film and book tips",
    fact(
        "title book name",
        V.book,
        "Title|Book|Name // Called",
        """{}|the book {}|title: {}|"{}"|reading {}|a novel called {}|"{}" is out now|the title is {}
        |I just finished {}|the film {}|{} is a classic // the work is named {}|a story under the name {}""",
    ),
    fact(
        "author writer director by",
        V.name,
        "Author|Writer|Director|By // Pen of",
        """by {}|written by {}|author: {}|the author is {}|from {}|{} wrote it|directed by {}|a work of {}
        |{} is the author // from the pen of {}|invented by {}""",
    ),
    fact(
        "year published publication_year",
        lambda v: v.year(),
        "Year|Published // Out since",
        """published in {}|from {}|({})|year {}|came out in {}|released in {}
        |first edition {} // on the market since {}|printed first in {}""",
    ),
    fact(
        "publisher publishing_house",
        V.company,
        "Publisher // House",
        "published by {}|publisher: {}|publisher {}|at {} // brought out by {}|from the house {}",
    ),
    fact(
        "pages page_count length",
        lambda v: v.integer(40, 1400),
        "Pages|Length // No. of pages",
        "{} pages|{} pages long|pages: {}|with {} pages|{} p. // a thick {} pages|it has {} leaves",
    ),
    fact(
        "isbn",
        lambda v: v.isbn(),
        "ISBN // Book number",
        "ISBN {}|isbn: {}|ISBN: {}|with the ISBN {} // book number {}",
    ),
    fact(
        "price cost",
        V.price,
        "Price|Cost // Costs",
        "price {}|for {}|costs {}|at {}|it costs {} // at the till {}",
    ),
    fact(
        "genre category type",
        lambda v: v.listed("GENRE"),
        "Genre|Category // Sort",
        "genre {}|a {} story|genre: {}|category {}|a {} // placed among {}|in the field of {}",
    ),
    fact(
        "rating stars score",
        lambda v: v.integer(1, 10),
        "Rating|Stars|Score // Marks",
        "rating {}|{} stars|{} out of 10|I give it {} stars|score {} // marks: {}|worth {} points",
    ),
    fact(
        "language",
        lambda v: v.listed("LANGUAGE"),
        "Language // Tongue",
        "in {}|written in {}|language: {}|{} edition // the tongue is {}",
    ),
    listing(
        "genres tags topics",
        lambda v: v.listed("GENRE"),
        "Genres|Tags|Topics // Sorts",
        "genres: {}|tags: {}|topics {}|a mix of {} // something between {}",
    ),
    listing(
        "authors writers cast actors",
        V.name,
        "Authors|Writers|Cast|Actors // Pens",
        "by {}|written by {}|authors: {}|starring {}|with {} // from the pens of {}",
    ),
    boolean(
        "available in_stock borrowed_free",
        "Available // On the shelf",
        "available|on the shelf|can be borrowed|ready for pick-up // take it home today",
        "not available|lent out|already borrowed|currently away // somebody else has it",
    ),
    group(
        "author writer",
        """by {name} ({country})|by {name} from {country}|author: {name}, {country}
        |{name}, born {year} // from the pen of {name} ({country})""",
        name=fact("name", V.name, "Author // Pen", "{}"),
        country=fact("country", V.country, "Country // Land", "{}"),
        year=fact("born year birth_year", lambda v: v.year(), "Born // Birth", "{}"),
    ),
    records(
        "books items titles films reading_list",
        """{title} by {author}|{title} ({year})|{title}, {author}, {year}|{author}: {title}
        |{title} - {author}|{title} | {author} | {year}|{author}, {title}, {price} // {title} / {author}
        |{year}: {title} of {author}""",
        "Books:|Reading list|Films:|My list: // Read these:",
        title=fact("title name", V.book, "Title // Called", "{}"),
        author=fact("author by writer", V.name, "Author // Pen", "{}"),
        year=fact("year published", lambda v: v.year(), "Year // Since", "{}"),
        price=fact("price", V.price, "Price // Costs", "{}"),
    ),
)

RECORD = kind(
    "record",
    "Notes|Report|Memo // Jotted down",
    fact(
        "name patient pet owner customer",
        V.name,
        "Name|Patient|Owner|Customer // Person",
        "patient {}|owner: {}|{}|name: {}|customer {}|for {}|it belongs to {} // the person is {}|about {}",
    ),
    fact(
        "doctor physician vet mechanic teacher",
        V.name,
        "Doctor|Physician|Mechanic|Teacher // Seen by",
        """Doctor: {}|seen by {}|doctor {}|with {}|treated by {}|mechanic {}|teacher: {} // cared for by {}
        |in the room of {}""",
    ),
    fact(
        "date appointment visit appointment_date",
        V.date,
        "Date|Appointment|Visit // Day",
        """on {}|appointment on {}|visit {}|date: {}|came on {}|appointment: {} // the day to come is {}
        |noted {}""",
    ),
    fact("time appointment_time", V.time, "Time // Hour", "at {}|time: {}|{}|time {} // hour {}"),
    fact(
        "temperature temp",
        lambda v: v.decimal(-20, 45),
        "Temperature|Temp // Degrees",
        """temperature {}|{} degrees|temp {} C|{} °C|temperature: {} // the thermometer shows {}
        |as warm as {} degrees""",
    ),
    fact(
        "weight weight_kg",
        lambda v: v.decimal(1, 120),
        "Weight|Weight (kg) // Mass",
        "weight {} kg|weighs {} kg|{} kg // {} kg on the scales",
    ),
    fact(
        "distance distance_km km",
        lambda v: v.decimal(0.5, 900),
        "Distance|km|Distance (km) // Way",
        "{} km|distance {} km|over {} km|{} kilometres // a way of {} km",
    ),
    fact(
        "room ward floor",
        lambda v: v.integer(1, 600),
        "Room|Ward|Floor // Door",
        "room {}|ward {}|floor {}|in room {} // behind door {}",
    ),
    fact(
        "amount cost price paid",
        V.price,
        "Amount|Cost|Price // Sum",
        "{}|cost {}|for {}|amount: {}|paid {} // valued {}",
    ),
    fact(
        "city place location station",
        V.city,
        "City|Place|Location|Station // Town",
        "in {}|place: {}|{}|at {}|station {} // over at {}",
    ),
    fact(
        "vehicle car model device machine",
        V.product,
        "Vehicle|Car|Model|Device|Machine // Thing",
        "{}|device: {}|model {}|the machine is a {}|a {} // the thing is a {}",
    ),
    fact(
        "plate license_plate serial serial_number",
        V.code,
        "Plate|Serial|Serial number|License plate // Mark",
        "plate {}|serial {}|serial number {}|license plate: {} // bearing {}",
    ),
    fact(
        "reason purpose complaint note",
        V.title,
        "Reason|Purpose|Note|Complaint // Why",
        "reason: {}|because: {}|note: {}|complaint: {} // the cause: {}",
    ),
    listing(
        "ingredients parts materials shopping_list items",
        V.product,
        "Ingredients|Parts|Materials|Shopping list|Items // Needs",
        """you need {}|parts: {}|buy {}|items: {}|ingredients: {}|please bring {} // to be fetched: {}
        |without {} it fails""",
    ),
    listing(
        "cities stops places stations",
        V.city,
        "Cities|Stops|Places|Stations // Halts",
        "via {}|stops: {}|visiting {}|through {}|places: {} // passing {}|halts in {}",
    ),
    boolean(
        "insured has_insurance",
        "Insured|Insurance // Cover",
        "is insured|with insurance|insurance available // covered by a policy",
        "not insured|without insurance|no insurance // no policy covers it",
    ),
    boolean(
        "urgent is_urgent emergency",
        "Urgent|Emergency // Hurry",
        "urgent|it is an emergency|needs help at once|cannot wait // every minute counts",
        "not urgent|no emergency|can wait|routine visit // there is plenty of time",
    ),
    choice(
        "sentiment mood tone feedback",
        "Sentiment|Mood|Feedback // Feeling",
        positive="""positive, good, happy: very satisfied|I love it|great service|works perfectly
        |highly recommended|excellent // could not be better|we are delighted""",
        negative="""negative, bad, unhappy: very disappointed|terrible service|I want my money back
        |does not work at all|never again|awful // what a waste of time|we are angry""",
        neutral="""neutral, mixed, ok: it is okay|average|nothing special|neither good nor bad // so so
        |it does what it should""",
    ),
)

KINDS = (BOOK, RECORD)
