"""Job offers."""

from training.kinds.base import boolean, choice, fact, kind
from training.kinds.person import DEPARTMENT, EMPLOYER, LANGUAGES, OWN_CITY, OWN_EMAIL, SKILLS
from training.values import Values as V

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
    EMPLOYER,
    OWN_CITY,
    SKILLS,
    LANGUAGES,
    DEPARTMENT,
    OWN_EMAIL,
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

KINDS = (JOB_OFFER,)
