"""Contacts, short biographies and addresses."""

from training.kinds.base import boolean, choice, fact, group, kind, listing, records
from training.kinds.parts import CITY, COUNTRY, EMAIL, PERSON, PHONE, STREET, ZIP
from training.kinds.person import (
    AGE,
    BIRTH,
    CONTACT_LINES,
    DEPARTMENT,
    EMPLOYER,
    JOB,
    LANGUAGES,
    OWN_CITY,
    OWN_COUNTRY,
    OWN_EMAIL,
    OWN_NAME,
    OWN_PHONE,
    SKILLS,
    WEBSITE,
)
from training.values import Values as V

CONTACT = kind(
    "contact",
    """Hi,|Hello everyone,|New contact:|Business card|Please save my details.|Contact details|Best regards,
        |Kind regards // Visiting card|Good day,""",
    OWN_NAME,
    OWN_EMAIL,
    OWN_PHONE,
    EMPLOYER,
    JOB,
    OWN_CITY,
    OWN_COUNTRY,
    WEBSITE,
    DEPARTMENT,
    fact("fax", V.phone, "Fax // Fax no.", "fax {}|fax: {}|by fax {} // the fax machine has {}|facsimile {}"),
    group(
        "address office location",
        """{street}, {zip} {city}|{street}, {city}|address: {street}, {city}
        |our office: {street}, {city}, {country}|visit us at {street} in {city}
        |based at {street}, {zip} {city}, {country} // you find us in {city}, {street}
        |the house is {street} in {city}""",
        street=STREET,
        city=CITY,
        zip=ZIP,
        country=COUNTRY,
    ),
    records(
        "contacts people team members colleagues",
        CONTACT_LINES,
        "Contacts:|Team|My colleagues:|Please add:|Members:|People // The crew:",
        name=PERSON,
        phone=PHONE,
        email=EMAIL,
        role=JOB,
        city=CITY,
        company=EMPLOYER,
    ),
    boolean(
        "newsletter subscribe subscribed marketing",
        "Newsletter|Subscribe // News by mail",
        """please send me the newsletter|subscribe me to the newsletter|wants the newsletter
        |I would like to get your news // put me on the mailing list|keep me posted""",
        """no newsletter please|do not subscribe me|does not want the newsletter
        |no marketing mails // keep me off the mailing list|spare me the advertising""",
    ),
    choice(
        "preferred_contact contact_method channel",
        "Preferred contact|Contact by // Best way",
        email="""email, mail: please write an email|prefers email|best by email
        |contact me by email // send me written messages""",
        phone="""phone, call: please call|prefers the phone|best by phone
        |just give me a ring // I like to talk""",
        none="""none, no: do not contact me|no contact wished
        |leave me alone please // I would rather not hear from you""",
    ),
)

BIO = kind(
    "bio",
    """About the author|Profile|Applicant|Patient record|Our new colleague|Candidate // Who is who
        |Short portrait""",
    fact(
        "name full_name person applicant candidate author",
        V.name,
        "Name|Full name|Applicant|Candidate // Called",
        """{} is new here|this is {}|meet {}|my name is {}|{}|let me introduce {}|we welcome {}
        |the candidate is {}|applicant: {}|name: {}|{} applied for the job|I am {} // a word about {}
        |the person is called {}|say hi to {}""",
    ),
    AGE,
    BIRTH,
    JOB,
    EMPLOYER,
    OWN_CITY,
    OWN_COUNTRY,
    OWN_EMAIL,
    OWN_PHONE,
    SKILLS,
    LANGUAGES,
    fact(
        "years_of_experience experience experience_years",
        lambda v: v.integer(1, 40),
        "Experience|Years of experience // Experience (years)",
        """with {} years of experience|{} years of experience|has worked for {} years|experience: {} years
        |{} years in the field|{} years on the job // looks back on {} years of work
        |in the trade for {} years""",
    ),
    fact(
        "salary expected_salary pay",
        V.price,
        "Salary|Expected salary|Pay // Wage",
        """salary {}|expects a salary of {}|earns {}|salary: {}|asks for {}
        |pay of {} // would like to be paid {}|wage {}""",
    ),
    fact(
        "start_date available_from available start",
        V.date,
        "Start date|Available from|Start // Can begin",
        """can start on {}|available from {}|starts on {}|start date {}|free from {}
        |joins us on {} // ready to begin on {}|first day of work: {}""",
    ),
    fact(
        "university school degree_from alma_mater",
        lambda v: v.education(),
        "University|School|Education // Studied",
        """studied at {}|graduated from {}|university: {}|went to {}|degree from {}
        |education: {} // has a diploma of {}|learned everything at {}""",
    ),
    fact(
        "children kids number_of_children",
        lambda v: v.integer(1, 6),
        "Children|Kids // No. of children",
        """has {} children|{} kids|father of {}|mother of {}|children: {} // raises {} little ones
        |{} offspring""",
    ),
    listing(
        "hobbies interests",
        lambda v: v.listed("TOPIC"),
        "Hobbies|Interests // Likes",
        """hobbies: {}|likes {}|interested in {}|enjoys {}|in the spare time {}
        |loves {} // spends free time with {}|fond of {}""",
    ),
    boolean(
        "married is_married",
        "Married // Wed",
        "is married|married|happily married|has a spouse // tied the knot",
        "is single|unmarried|not married|lives alone // never wed",
    ),
    boolean(
        "remote remote_work works_remotely",
        "Remote|Remote work // Home office",
        """works remotely|wants to work from home|remote only
        |prefers remote work // will never come to the office""",
        """works on site|wants to be in the office|no remote work
        |comes to the office every day // sits with the others daily""",
    ),
    boolean(
        "driving_license license has_car",
        "Driving licence|Driver's license // May drive",
        """has a driving licence|holds a driver's license|can drive
        |licence available // is allowed behind the wheel""",
        """no driving licence|cannot drive|does not have a driver's license
        |without licence // must not sit behind the wheel""",
    ),
    choice(
        "level seniority",
        "Level|Seniority // Grade",
        junior="""junior, entry: is a junior|entry level|just starting out
        |fresh from school // still learning the trade""",
        senior="senior, expert: is a senior|very experienced|an expert|has seen it all // an old hand",
        mid="mid, medium, intermediate: mid level|some experience|intermediate // knows the basics well",
    ),
    choice(
        "gender sex",
        "Gender|Sex // m/f",
        female="female, F, f: she is a woman|female|a lady // herself a woman",
        male="male, M, m: he is a man|male|a gentleman // himself a man",
    ),
)

ADDRESS = kind(
    "address",
    "Ship to:|Delivery address|Please send it here:|Address label|Recipient // Post to:|Parcel label",
    fact(
        "name recipient full_name to addressee",
        V.name,
        "Name|Recipient|To|Addressee // For",
        """ship to {}|{}|recipient: {}|deliver to {}|send it to {}|for {}|to {}|attn. {}|addressee {}|c/o {}
        |the recipient is {}|{} lives // the parcel goes to {}|hand it over to {}|intended for {}""",
    ),
    fact(
        "street address street_address address_line",
        V.street,
        "Street|Address|Street address // House",
        """{}|street: {}|at {}|living at {}|lives at {}|address: {}|the street is {}|resides at {}|house {}
        |located at {}|moved to {}|my address is {} // whose house is {}|ring the bell at {}|door: {}""",
    ),
    fact(
        "city town place",
        V.city,
        "City|Town|Place // Municipality",
        """{}|in {}|city {}|city: {}|the city of {}|{} city|town: {}|downtown {}|near {} // town of {}
        |the place is called {}""",
    ),
    fact(
        "zip postal_code postcode zip_code plz",
        V.zip,
        "ZIP|Postcode|Postal code|ZIP code // PLZ|Post code",
        """{}|ZIP {}|postcode {}|postal code {}|zip code: {}|with the postcode {}|(ZIP {}) // postal area {}
        |sorting code {}""",
    ),
    OWN_COUNTRY,
    OWN_PHONE,
    fact(
        "state province region",
        lambda v: v.pick(
            [
                "CA",
                "NY",
                "TX",
                "WA",
                "OR",
                "Bavaria",
                "Ontario",
                "Kent",
                "Tuscany",
                "Catalonia",
                "Queensland",
                "Illinois",
                "Ohio",
                "Brittany",
            ]
        ),
        "State|Province|Region // County",
        "{}|state {}|province {}|in {}|region: {} // part of {}|county {}",
    ),
    fact(
        "apartment unit apt flat",
        lambda v: v.integer(1, 250),
        "Apartment|Unit|Apt|Flat // Door no.",
        "apartment {}|apt {}|unit {}|flat {}|apt. {} // door number {}|dwelling {}",
    ),
    group(
        "address home location",
        """{street}, {zip} {city}|{street}, {city}|{street} in {city}|{street}, {city} {zip}
        |lives at {street}, {city}, {country}|{zip} {city}, {street}
        |{street}, {zip} {city}, {country} // the house {street} in {city}
        |{city}, {street}, postal area {zip}""",
        street=STREET,
        city=CITY,
        zip=ZIP,
        country=COUNTRY,
    ),
    boolean(
        "residential is_residential",
        "Residential // Private home",
        "it is a private home|residential address|private house // somebody lives there",
        "it is an office|business address|commercial building // people work there",
    ),
    fact(
        "instructions note delivery_note",
        V.title,
        "Note|Instructions|Delivery note // Hint",
        "note: {}|please note: {}|instructions: {}|remark: {} // hint: {}|to the driver: {}",
    ),
)

KINDS = (CONTACT, BIO, ADDRESS)
