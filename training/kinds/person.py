"""Facts about a person."""

from training.kinds.base import fact, listing
from training.values import Values as V

JOB = fact(
    "role job title position job_title",
    V.job,
    "Role|Job|Title|Position // Function",
    """as {}|role: {}|my job is {}|working as a {}|works as {}|is a {}|I am a {}|position {}|job title {}
        |{} by profession|employed as {}|the role of {}|their {}|he is our {}
        |she is the {} // my position being {}|earns a living as {}|in the function of {}""",
)
EMPLOYER = fact(
    "company employer organization organisation firm works_at",
    V.company,
    "Company|Employer|Organisation|Firm // Works at",
    """I work at {}|from {}|with {}|company: {}|works at {}|works for {}|at {}|of {}|employed at {}
        |on behalf of {}|the company is {}|employer: {}|joined {}|representing {} // employed by {}
        |on the payroll of {}|the firm is called {}""",
)
OWN_NAME = fact(
    "name full_name contact person contact_name",
    V.name,
    "Name|Full name|Contact|Person // Called",
    """{} here|my name is {}|contact: {}|this is {}|I am {}|{}|name: {}|the name is {}|meet {}|I'm {}
        |contact person {}|please contact {}|talk to {}|new contact: {}|ask for {} // you are talking to {}
        |people call me {}|get in touch with {}""",
)
OWN_EMAIL = fact(
    "email mail email_address e_mail",
    V.email,
    "E-mail|Email|Mail|E-mail address // Electronic mail",
    """email {}|write to {}|my address is {}|mail: {}|e-mail: {}|send mail to {}|email me at {}
        |drop me a line at {}|contact {}|my email is {}|mail me under {}|send it to {}
        |the email address is {}|({}) // you can reach me at {}|messages go to {}|my inbox is {}""",
)
OWN_PHONE = fact(
    "phone tel phone_number telephone mobile",
    V.phone,
    "Phone|Tel|Telephone|Mobile|Tel. // Phone number|Cell",
    """phone {}|call {}|tel. {}|my number is {}|phone number {}|call me at {}|mobile {}
        |reach me by phone at {}|tel: {}|give me a call: {}|the phone number is {}|dial {}|telephone {}
        |or call {} // ring me on {}|my line is {}|phone me under {}""",
)
OWN_CITY = fact(
    "city location town based_in home lives_in",
    V.city,
    "City|Location|Town|Based in // Place|Home",
    """in {}|based in {}|living in {}|city: {}|lives in {}|I live in {}|from {}|resident of {}|location: {}
        |located in {}|currently in {}|our office in {}|moved to {}|at home in {} // my home is {}
        |the place to find me is {}|settled in {}""",
)
OWN_COUNTRY = fact(
    "country nationality_country nation",
    V.country,
    "Country|Nation // Land",
    """in {}|from {}|country: {}|comes from {}|born in {}|citizen of {}|a country called {}
        |over in {} // the country being {}|a native of {}""",
)
AGE = fact(
    "age years",
    V.age,
    "Age|Years // Aged",
    """{} years old|aged {}|age {}|I am {} years old|is {}|turned {} this year|age: {}
        |at the age of {} // having turned {} this year|{} summers old""",
)
BIRTH = fact(
    "birthday date_of_birth birth_date born dob",
    V.date,
    "Birthday|Date of birth|Born|DOB // Birth",
    """born on {}|born {}|birthday {}|date of birth {}|was born on {}|*{}|birth date: {}
        |my birthday is {} // came into the world on {}|celebrates since {}""",
)
WEBSITE = fact(
    "website url homepage web link",
    V.url,
    "Website|Web|Homepage|URL // Site",
    """website {}|see {}|visit {}|homepage {}|my site is {}|web: {}|more at {}|online at {} // find me on {}
        |my page is {}""",
)
SKILLS = listing(
    "skills abilities expertise knows",
    lambda v: v.listed("SKILL"),
    "Skills|Expertise|Skills and tools // Strengths",
    """skills: {}|knows {}|experienced in {}|good at {}|I know {}|expert in {}|skilled in {}
        |familiar with {}|works with {} // strong points are {}|has command of {}""",
)
LANGUAGES = listing(
    "languages speaks spoken_languages",
    lambda v: v.listed("LANGUAGE"),
    "Languages|Speaks // Tongues",
    "speaks {}|languages: {}|fluent in {}|I speak {}|can speak {} // talks in {}|masters {}",
)
DEPARTMENT = fact(
    "department team unit",
    lambda v: v.listed("DEPARTMENT"),
    "Department|Team|Unit // Division",
    """in the {} department|department {}|{} team|works in {}|team: {}|part of {} // assigned to {}
        |of the {} division""",
)
CONTACT_LINES = """{name}, {phone}|{name} ({role})|{name} <{email}>|{name}, {email}, {phone}
        |{name} - {role} - {phone}|{name}: {email}|{name} | {role} | {city}|{name}, {role}, {city}
        |{name} from {city}|{name}, {role} at {company}|{name} ({company})|{name} works as {role}
        |{name} lives in {city}  // {name} / {phone}|{name} [{role}]|{name} can be reached at {email}"""
