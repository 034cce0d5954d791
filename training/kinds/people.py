"""Contacts, short biographies, addresses and job offers."""

from training.kinds.base import boolean, choice, fact, group, kind, listing, records
from training.kinds.business import CITY, COUNTRY, EMAIL, PERSON, PHONE, STREET, ZIP
from training.values import Values as V

_JOB = fact(
    "role job title position job_title",
    V.job,
    "Role|Job|Title|Position // Function",
    """as {}|role: {}|my job is {}|working as a {}|works as {}|is a {}|I am a {}|position {}|job title {}
        |{} by profession|employed as {}|the role of {}|their {}|he is our {}
        |she is the {} // my position being {}|earns a living as {}|in the function of {}""",
)
_EMPLOYER = fact(
    "company employer organization organisation firm works_at",
    V.company,
    "Company|Employer|Organisation|Firm // Works at",
    """I work at {}|from {}|with {}|company: {}|works at {}|works for {}|at {}|of {}|employed at {}
        |on behalf of {}|the company is {}|employer: {}|joined {}|representing {} // employed by {}
        |on the payroll of {}|the firm is called {}""",
)
_NAME = fact(
    "name full_name contact person contact_name",
    V.name,
    "Name|Full name|Contact|Person // Called",
    """{} here|my name is {}|contact: {}|this is {}|I am {}|{}|name: {}|the name is {}|meet {}|I'm {}
        |contact person {}|please contact {}|talk to {}|new contact: {}|ask for {} // you are talking to {}
        |people call me {}|get in touch with {}""",
)
_EMAIL = fact(
    "email mail email_address e_mail",
    V.email,
    "E-mail|Email|Mail|E-mail address // Electronic mail",
    """email {}|write to {}|my address is {}|mail: {}|e-mail: {}|send mail to {}|email me at {}
        |drop me a line at {}|contact {}|my email is {}|mail me under {}|send it to {}
        |the email address is {}|({}) // you can reach me at {}|messages go to {}|my inbox is {}""",
)
_PHONE = fact(
    "phone tel phone_number telephone mobile",
    V.phone,
    "Phone|Tel|Telephone|Mobile|Tel. // Phone number|Cell",
    """phone {}|call {}|tel. {}|my number is {}|phone number {}|call me at {}|mobile {}
        |reach me by phone at {}|tel: {}|give me a call: {}|the phone number is {}|dial {}|telephone {}
        |or call {} // ring me on {}|my line is {}|phone me under {}""",
)
_CITY = fact(
    "city location town based_in home lives_in",
    V.city,
    "City|Location|Town|Based in // Place|Home",
    """in {}|based in {}|living in {}|city: {}|lives in {}|I live in {}|from {}|resident of {}|location: {}
        |located in {}|currently in {}|our office in {}|moved to {}|at home in {} // my home is {}
        |the place to find me is {}|settled in {}""",
)
_COUNTRY = fact(
    "country nationality_country nation",
    V.country,
    "Country|Nation // Land",
    """in {}|from {}|country: {}|comes from {}|born in {}|citizen of {}|a country called {}
        |over in {} // the country being {}|a native of {}""",
)
_AGE = fact(
    "age years",
    V.age,
    "Age|Years // Aged",
    """{} years old|aged {}|age {}|I am {} years old|is {}|turned {} this year|age: {}
        |at the age of {} // having turned {} this year|{} summers old""",
)
_BIRTH = fact(
    "birthday date_of_birth birth_date born dob",
    V.date,
    "Birthday|Date of birth|Born|DOB // Birth",
    """born on {}|born {}|birthday {}|date of birth {}|was born on {}|*{}|birth date: {}
        |my birthday is {} // came into the world on {}|celebrates since {}""",
)
_WEBSITE = fact(
    "website url homepage web link",
    V.url,
    "Website|Web|Homepage|URL // Site",
    """website {}|see {}|visit {}|homepage {}|my site is {}|web: {}|more at {}|online at {} // find me on {}
        |my page is {}""",
)
_SKILLS = listing(
    "skills abilities expertise knows",
    lambda v: v.listed("SKILL"),
    "Skills|Expertise|Skills and tools // Strengths",
    """skills: {}|knows {}|experienced in {}|good at {}|I know {}|expert in {}|skilled in {}
        |familiar with {}|works with {} // strong points are {}|has command of {}""",
)
_LANGUAGES = listing(
    "languages speaks spoken_languages",
    lambda v: v.listed("LANGUAGE"),
    "Languages|Speaks // Tongues",
    "speaks {}|languages: {}|fluent in {}|I speak {}|can speak {} // talks in {}|masters {}",
)
_DEPARTMENT = fact(
    "department team unit",
    lambda v: v.listed("DEPARTMENT"),
    "Department|Team|Unit // Division",
    """in the {} department|department {}|{} team|works in {}|team: {}|part of {} // assigned to {}
        |of the {} division""",
)
_CONTACT_LINES = """{name}, {phone}|{name} ({role})|{name} <{email}>|{name}, {email}, {phone}
        |{name} - {role} - {phone}|{name}: {email}|{name} | {role} | {city}|{name}, {role}, {city}
        |{name} from {city}|{name}, {role} at {company}|{name} ({company})|{name} works as {role}
        |{name} lives in {city}  // {name} / {phone}|{name} [{role}]|{name} can be reached at {email}"""

CONTACT = kind(
    "contact",
    """Hi,|Hello everyone,|New contact:|Business card|Please save my details.|Contact details|Best regards,
        |Kind regards // Visiting card|Good day,""",
    _NAME,
    _EMAIL,
    _PHONE,
    _EMPLOYER,
    _JOB,
    _CITY,
    _COUNTRY,
    _WEBSITE,
    _DEPARTMENT,
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
        _CONTACT_LINES,
        "Contacts:|Team|My colleagues:|Please add:|Members:|People // The crew:",
        name=PERSON,
        phone=PHONE,
        email=EMAIL,
        role=_JOB,
        city=CITY,
        company=_EMPLOYER,
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
    _AGE,
    _BIRTH,
    _JOB,
    _EMPLOYER,
    _CITY,
    _COUNTRY,
    _EMAIL,
    _PHONE,
    _SKILLS,
    _LANGUAGES,
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
    _COUNTRY,
    _PHONE,
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

JOB_OFFER = kind(
    "job",
    "We are hiring!|Job offer|Vacancy|Join our team // Now recruiting|Come and work with us",
    fact(
        "title position job role job_title",
        V.job,
        "Position|Job title|Title|Role // Vacancy for",
        """we are looking for a {}|position: {}|hiring a {}|wanted: {}|open position: {}|the role is {}
        |join us as {}|we need a {}|vacancy: {}|{} wanted|seeking a {} // we would like to employ a {}
        |the seat to fill is {}""",
    ),
    _EMPLOYER,
    _CITY,
    _SKILLS,
    _LANGUAGES,
    _DEPARTMENT,
    _EMAIL,
    fact(
        "salary pay compensation salary_from",
        V.price,
        "Salary|Pay|Compensation // Wage",
        """salary {}|pays {}|we offer {}|salary: {}|compensation {} per year|from {} a year
        |up to {} // you earn {}|wage {}""",
    ),
    fact(
        "deadline apply_by closing_date application_deadline",
        V.date,
        "Deadline|Apply by|Closing date // Last day",
        """apply by {}|deadline {}|applications until {}|closing date {}|please apply before {}
        |send your application by {} // we read letters arriving until {}|last day to apply: {}""",
    ),
    fact(
        "start_date start starts",
        V.date,
        "Start|Start date // Begin",
        """starting {}|start date {}|from {}|begin on {}|the job starts on {} // first day of work {}
        |to be filled on {}""",
    ),
    fact(
        "hours hours_per_week weekly_hours",
        lambda v: v.integer(10, 42),
        "Hours|Hours per week // Weekly hours",
        """{} hours per week|{} hours a week|{}h/week|hours: {} // every week {} hours
        |{} hours from Monday to Friday""",
    ),
    choice(
        "type employment_type contract",
        "Type|Employment|Contract // Kind of work",
        full="""full_time, full-time, fulltime: full-time position|full time
        |permanent full-time job // forty hours and a fixed contract""",
        part="""part_time, part-time, parttime: part-time position|part time
        |half days only // a few hours each day""",
        intern="internship, intern: internship|for students|trainee position // to look over our shoulder",
        freelance="freelance, contractor: freelance|on a contractor basis|project work // you send us bills",
    ),
    boolean(
        "remote remote_possible home_office",
        "Remote|Home office // From home",
        "remote possible|work from home|fully remote|home office is fine // live wherever you like",
        """on site only|no remote work|office based
        |you must come to the office // be at your desk in the house""",
    ),
    choice(
        "level seniority",
        "Level|Seniority // Grade",
        junior="junior, entry: for beginners|junior level|no experience needed // fresh graduates welcome",
        senior="""senior, expert: senior level|many years of experience required
        |for experts // only for old hands""",
    ),
)

KINDS = (CONTACT, BIO, ADDRESS, JOB_OFFER)
