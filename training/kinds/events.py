"""Events, meetings and bookings."""

from training.kinds.base import boolean, choice, fact, group, kind, listing, records
from training.kinds.parts import CITY, COUNTRY, STREET
from training.values import Values as V

_DATE = fact(
    "date day event_date on when",
    V.date,
    "Date|Day|When // On",
    """on {}|takes place {}|date: {}|will be held on {}|on the day {}|scheduled on {}|the date is {}
        |save the date: {}|it happens on {}|{}|happening {}|set for {}|planned for {}|see you on {}
        |join us on {} // scheduled for {}|mark {} in your calendar|the big day is {}""",
)
_TIME = fact(
    "time start start_time starts_at begins",
    V.time,
    "Time|Start|Starts at|Begin // From",
    """at {}|starts at {}|from {}|time {}|begins at {}|start: {}|starting at {}|kick-off at {}
        |the time is {}|we start at {}|{} sharp|be there at {} // doors open {}
        |the clock says {} when it begins|first words at {}""",
)
_END = fact(
    "end end_time until ends_at",
    V.time,
    "End|Ends|Until // Closes",
    """until {}|ends at {}|to {}|finishes at {}|till {}|end: {}|over by {} // everyone leaves at {}
        |closes at {}""",
)
_VENUE = fact(
    "venue location place room address",
    V.venue,
    "Venue|Location|Place|Room|Where // Spot",
    """at {}|venue: {}|held at {}|in {}|location: {}|the venue is {}|takes place in {}|come to {}
        |we meet at {}|meet us at {}|hosted in {}|place: {} // the place is {}|gather in {}
        |under the roof of {}""",
)
_EVENT_CITY = fact(
    "city town location",
    V.city,
    "City|Town // Place",
    """in {}|city: {}|in the city of {}|this time in {}|in the town of {}|we are in {}
        |{} // right in the heart of {}|the host city is {}""",
)
_HOST = fact(
    "host organizer organiser speaker led_by organized_by",
    V.name,
    "Host|Organiser|Speaker|Organizer // Run by",
    """hosted by {}|with speaker {}|organised by {}|organizer: {}|the host is {}|presented by {}|speaker: {}
        |your host {}|given by {}|talk by {}|{} will speak|moderated by {} // led by {}|{} takes the stage
        |in the hands of {}""",
)
_TICKET = fact(
    "price ticket_price fee entry cost",
    V.price,
    "Price|Tickets|Fee|Entry // Admission",
    """tickets {}|entry {}|the fee is {}|price: {}|costs {}|admission {}|tickets cost {}
        |for {} // to get in you pay {}|admission is {}""",
)
_ATTENDEES = listing(
    "attendees participants guests people invited members",
    V.name,
    "Attendees|Participants|Guests|Present|People // Who comes",
    """attendees: {}|with {}|participants: {}|present were {}|guests: {}|{} will attend|invited: {}
        |{} are coming|attended by {}|together with {}|we expect {} // around the table: {}|{} will be there
        |those who come are {}""",
)

EVENT = kind(
    "event",
    """You are invited!|Save the date|Dear friends,|Upcoming event|News from our club
        |Hi all, // Announcement|What is on""",
    fact(
        "title event name event_name",
        V.event,
        "Event|Title|Name // What",
        """the {}|join our {}|announcing a {}|event: {}|come to the {}|our {}|we are hosting a {}|{}
        |you are invited to the {}|don't miss the {}|the next {}|welcome to the {}
        |register for the {} // we would love to see you at the {}|how about a {}|get ready for the {}""",
    ),
    _DATE,
    _TIME,
    _END,
    _VENUE,
    _EVENT_CITY,
    _HOST,
    _TICKET,
    _ATTENDEES,
    fact(
        "seats capacity max_guests places",
        lambda v: v.integer(8, 900),
        "Seats|Capacity|Places // Room for",
        """{} seats|room for {} guests|capacity {}|{} places|limited to {} people|up to {} participants
        |seats: {}|only {} seats available // space for {} people|the hall holds {}""",
    ),
    fact(
        "register_by registration_deadline rsvp rsvp_by deadline",
        V.date,
        "Register by|RSVP|Registration until // Sign up by",
        """register by {}|RSVP by {}|registration until {}|please register before {}|sign up by {}
        |answer by {} // tell us until {} if you come|list closes on {}""",
    ),
    fact(
        "url link website registration_url",
        V.url,
        "Link|URL|Website|Register at // Web",
        """register at {}|more at {}|link: {}|see {}|sign up: {}|tickets at {}
        |website {} // all about it on {}|have a look at {}""",
    ),
    fact(
        "contact email contact_email",
        V.email,
        "Contact|E-mail|Questions // Ask",
        "questions to {}|contact {}|write to {}|email: {}|ask {} // mails go to {}|answers from {}",
    ),
    listing(
        "topics tags themes subjects",
        lambda v: v.listed("TOPIC"),
        "Topics|Themes|Tags // About",
        """topics: {}|about {}|covering {}|themes are {}|we talk about {}|featuring {} // all around {}
        |it deals with {}""",
    ),
    boolean(
        "online virtual is_online",
        "Online|Virtual // On the web",
        """online|streamed live|held online|via video call|it is a virtual event
        |join from home // over the internet|on your screen""",
        """in person|on site only|not online|face to face
        |no stream available // physical attendance required|be there in the flesh""",
    ),
    boolean(
        "free is_free free_entry",
        "Free|Free entry // No charge",
        """entry is free|free of charge|free admission|no entry fee
        |it costs nothing // keep your wallet closed|without paying""",
        "tickets required|there is an entry fee|not free|paid entry // bring some money|you have to pay",
    ),
    group(
        "venue location place",
        """at {name}, {city}|at {name} in {city}|venue: {name}, {street}, {city}|{name}, {street}
        |held at {name} ({city})|in {city} at {name} // the place is {name} in {city}
        |gather in {city}, {name}""",
        name=fact("name venue", V.venue, "Venue // Spot", "{}"),
        city=CITY,
        street=STREET,
        country=COUNTRY,
    ),
    choice(
        "status state",
        "Status|State // Stage",
        confirmed="""confirmed, scheduled, CONFIRMED: is confirmed|takes place as planned|confirmed
        |it is certain // we will surely meet""",
        cancelled="""cancelled, canceled, off: has been cancelled|is cancelled|will not take place
        |called off // we must give it up""",
        postponed="""postponed, delayed: has been postponed|is moved to a later date|postponed
        |a new date will follow // we shift it for now""",
    ),
    records(
        "program agenda schedule sessions talks",
        """{time} {title}|{time} - {title}|{time}: {title} ({speaker})|{time} {title}, {speaker}
        |{title} by {speaker}|{title} at {time}|{time} | {title} | {speaker}
        |{title} with {speaker} at {time} // at {time} comes {title}|{speaker} ({time}): {title}""",
        "Programme:|Agenda|Schedule|Talks: // What happens:",
        time=fact("time start", V.time, "Time // From", "{}"),
        title=fact("title topic name talk", V.event, "Title // What", "{}"),
        speaker=fact("speaker by presenter", V.name, "Speaker // Who", "{}"),
    ),
)

MEETING = kind(
    "meeting",
    "Meeting notes|Minutes|Hi team,|Protocol|Invitation // Record of our talk|Dear colleagues,",
    fact(
        "title subject topic meeting name",
        V.title,
        "Subject|Topic|Title|Meeting // About",
        """topic: {}|subject: {}|about {}|meeting on: {}|we discussed: {}|we will talk about: {}|title: {}
        |agenda item: {}|let's discuss: {} // on the table: {}|the matter is: {}""",
    ),
    _DATE,
    _TIME,
    _END,
    _VENUE,
    _ATTENDEES,
    fact(
        "organizer chair leader host called_by",
        V.name,
        "Organizer|Chair|Host|Called by // Led by",
        """chaired by {}|called by {}|organizer {}|led by {}|chair: {}|invited by {}|{} opened the meeting
        |{} is in the chair // at the head of the table: {}|{} runs it""",
    ),
    fact(
        "minutes duration duration_minutes length",
        lambda v: v.integer(10, 180),
        "Duration (min)|Minutes|Duration // Length (min)",
        """{} minutes|duration {} minutes|it takes {} minutes|for {} min|length: {} minutes
        |plan {} minutes // we need {} minutes of your time|{} minutes on the clock""",
    ),
    fact(
        "next_meeting next follow_up next_date",
        V.date,
        "Next meeting|Next|Follow-up // Again on",
        """next meeting {}|next meeting on {}|we meet again on {}|follow-up on {}
        |the next one is on {} // see you again {}|to be continued on {}""",
    ),
    fact(
        "action task todo decision",
        V.title,
        "Action|To do|Task|Decision // Must do",
        """action: {}|to do: {}|decision: {}|task: {}|we decided: {}|next step: {} // somebody has to: {}
        |result: {}""",
    ),
    records(
        "tasks actions action_items todos",
        """{name}: {task}|{name} - {task}|{task} ({name})|{task}, {name}, by {due}|{name} will {task}
        |{task} until {due}|{name}: {task} by {due}|{task} | {name} | {due} // {task} -> {name}
        |{name} has to: {task}|{task} [{due}]""",
        "Tasks:|Actions|To do:|Next steps // Who does what:",
        name=fact("owner assignee who name person", V.name, "Owner // Who", "{}"),
        task=fact("task title action what description", V.title, "Task // What", "{}"),
        due=fact("due deadline due_date by", V.date, "Due // Until", "{}"),
    ),
    boolean(
        "online remote video",
        "Online|Video call // Remote",
        "via video call|online meeting|we meet online|on Zoom // on the screen only",
        "in person|we meet on site|in the office // physically in one room",
    ),
    boolean(
        "mandatory required is_mandatory",
        "Mandatory|Required // Must come",
        "attendance is mandatory|everyone must come|required for all // nobody may stay away",
        "attendance is optional|come if you like|optional // you may skip it",
    ),
)

BOOKING = kind(
    "booking",
    """Booking confirmation|Your trip|Reservation|E-ticket|Thank you for booking with us // Travel papers
        |Itinerary""",
    fact(
        "booking_reference booking_number reference confirmation_number booking_id pnr",
        V.code,
        "Booking|Reference|Booking number|Confirmation // Booking code",
        """booking {}|reference {}|booking reference {}|reservation {}|confirmation number {}
        |your booking number is {}|PNR {}|booking no. {} // filed as {}|show the code {}""",
    ),
    fact(
        "passenger guest name traveler guest_name",
        V.name,
        "Passenger|Guest|Name|Traveller // Person",
        """passenger {}|guest: {}|for {}|booked for {}|guest {}|traveller: {}|the passenger is {}
        |in the name of {}|dear {} // the one who travels is {}|travelling person {}""",
    ),
    fact(
        "from origin departure_city departure",
        V.city,
        "From|Origin|Departure // Leaving",
        """from {}|departing from {}|leaving {}|origin {}|departure: {}|flying from {}
        |starts in {} // you set off in {}|away from {}""",
    ),
    fact(
        "to destination arrival_city",
        V.city,
        "To|Destination|Arrival // Going to",
        """to {}|arriving in {}|destination {}|bound for {}|flying to {}|going to {}
        |the destination is {} // you end up in {}|journey's end: {}""",
    ),
    group(
        "trip route flight journey",
        """from {from} to {to}|{from} - {to}|{from} to {to}|{from} → {to}|flying from {from} to {to}
        |to {to} from {from}|leaves {from} for {to}|{from}-{to} on {date}
        |from {from} to {to} on {date} // starting in {from}, ending in {to}|{to}, coming from {from}""",
        **{
            "from": fact("from origin departure", V.city, "From // Leaving", "{}"),
            "to": fact("to destination arrival", V.city, "To // Going to", "{}"),
            "date": fact("date day", V.date, "Date // On", "{}"),
        },
    ),
    fact(
        "flight flight_number train number",
        lambda v: v.flight(),
        "Flight|Flight number|Train // Flight no.",
        """flight {}|flight number {}|on flight {}|with flight {}|train {}
        |your flight is {} // your plane has the number {}|carried by {}""",
    ),
    fact(
        "departure_date date travel_date departs",
        V.date,
        "Departure date|Date|Travel date // Leaving on",
        """on {}|departing {}|departure date {}|leaves on {}|travel date {}|date: {}
        |flying on {} // you set off on {}|the trip begins {}""",
    ),
    fact(
        "departure_time departs_at time",
        V.time,
        "Departure|Departs|Time // Off at",
        "at {}|departs at {}|departure {}|leaves at {}|departure time {} // wheels up {}|it rolls at {}",
    ),
    fact(
        "seat seat_number",
        lambda v: v.seat(),
        "Seat|Seat number // Place",
        "seat {}|in seat {}|your seat is {}|seat number {} // sit down on {}|place {}",
    ),
    fact(
        "hotel hotel_name accommodation",
        lambda v: v.hotel(),
        "Hotel|Accommodation // Staying at",
        """at {}|hotel {}|staying at {}|in the {}|accommodation: {}|hotel: {} // your bed is in {}
        |you sleep in {}""",
    ),
    fact(
        "check_in checkin arrival_date arrival",
        V.date,
        "Check-in|Arrival|Check in // Arriving",
        """check-in {}|arriving on {}|check in on {}|from {}|arrival {}|arrival date {} // moving in on {}
        |first night {}""",
    ),
    fact(
        "check_out checkout departure leaving",
        V.date,
        "Check-out|Departure|Check out // Leaving",
        """check-out {}|check out on {}|until {}|departure {}|leaving on {}
        |departure date {} // moving out on {}|gone on {}""",
    ),
    fact(
        "guests people persons adults party_size",
        lambda v: v.integer(1, 8),
        "Guests|Persons|People|Adults // Party of",
        """{} guests|for {} people|{} persons|{} adults|a table for {}|party of {} // {} of you come
        |we expect {}""",
    ),
    fact(
        "nights number_of_nights",
        lambda v: v.integer(1, 14),
        "Nights // Overnight stays",
        "{} nights|for {} nights|staying {} nights|nights: {} // sleeping {} times|{} overnight stays",
    ),
    fact(
        "price total total_price amount fare",
        V.price,
        "Price|Total|Total price|Fare // Sum",
        """price {}|total {}|for {}|the total price is {}|fare {}|you pay {}
        |costs {} // altogether that makes {}|the trip comes to {}""",
    ),
    boolean(
        "breakfast breakfast_included",
        "Breakfast|Breakfast included // Morning meal",
        """breakfast included|with breakfast|incl. breakfast
        |breakfast is part of the price // a morning meal comes with it""",
        "without breakfast|breakfast not included|no breakfast|room only // the morning meal is extra",
    ),
    choice(
        "class cabin travel_class",
        "Class|Cabin // Comfort",
        economy="""economy, ECONOMY, coach: economy class|in economy
        |standard class // at the back with everyone""",
        business="business, BUSINESS: business class|in business // with a lot of legroom",
        first="first, FIRST: first class|in first // up at the very front",
    ),
    choice(
        "status booking_status",
        "Status // State",
        confirmed="""confirmed, CONFIRMED, booked: is confirmed|has been booked|all set
        |confirmed // you can pack your bags""",
        cancelled="""cancelled, CANCELLED, canceled: has been cancelled|is cancelled
        |was refunded // your journey will not happen""",
        pending="""pending, PENDING, waiting: is pending|on the waiting list
        |not confirmed yet // we have yet to hear from the carrier""",
    ),
)

KINDS = (EVENT, MEETING, BOOKING)
