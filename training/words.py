"""Word lists of the generator. They are written for this project; no list is fetched."""


def listed(text: str) -> list[str]:
    """Items between bars if there are any, else between spaces."""
    return [" ".join(item.split()) for item in text.split("|")] if "|" in text else text.split()


FIRST = listed(
    """Anna Ben Carla David Elena Frank Grace Henry Irene Jack Karen Liam Maria Noah Olivia Peter Quentin Rosa
    Samuel Tina Ulrich Vera William Xenia Yusuf Zoe Aisha Björn Chloé Dmitri Esra Fatima Giulia Hiroshi
    Ines José Kenji Lars Mei Nadia Omar Priya Rafael Søren Thandi Umberto Violet Wanda Yara Zoltan Amélie
    Bruno Camila Diego Emre Freya Gustavo Hannah Ivan Jürgen Kofi Lucía Mateusz Nils Oksana Pablo Ravi
    Sofía Tomasz Uma Viktor Wei Ximena Yuki Zainab Alejandro Beatriz Cheng Dana Erik Fiona Georg Hans Ilse
    Jana Karim Leila Magnus Niamh Oscar Paula Renée Stefan Tariq Valentina Walter Alice Arthur Bianca
    Charles Deborah Edward Felix Gloria Harriet Isaac Julia Kevin Laura Martin Nancy Oliver Patricia Robert
    Susan Thomas Ursula Vincent Wendy Adam Barbara Colin Diana Emily Fred George Helen Ian Joanna Keith
    Linda Michael Nina Otto Philip Rachel Simon Theresa Victor Yvonne Zachary Amara Chidi Ebele Folake
    Ngozi Jamal Keisha Malik Imani Sanjay Deepa Arjun Lakshmi Anil Meera Hana Jin Min Seo Sun Linh Nguyet
    Tuan Putri Budi Aylin Mehmet Élodie Åsa Öykü Zuzanna"""
)
LAST = listed(
    """Smith Johnson Brown Taylor Wilson Clark Lewis Walker Hall Young King Wright Green Baker Adams Nelson
    Carter Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards Collins Stewart Morris Rogers
    Reed Cook Morgan Bell Murphy Bailey Cooper Richardson Cox Howard Ward Peterson Gray James Watson Brooks
    Kelly Sanders Price Bennett Wood Barnes Ross Henderson Coleman Jenkins Perry Powell Long Patterson
    Hughes Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Schäfer Koch Bauer Richter Klein
    Wolf Schröder Neumann Krüger Hofmann Lange García Martínez López González Rodríguez Fernández Pérez
    Sánchez Ramírez Torres Flores Rivera Gómez Díaz Reyes Cruz Morales Ortiz Gutiérrez Núñez Ibáñez Silva
    Santos Oliveira Souza Pereira Costa Ferreira Almeida Gonçalves Rossi Russo Ferrari Esposito Bianchi
    Romano Colombo Ricci Marino Greco Dubois Moreau Laurent Lefèvre Garnier Rousseau Fontaine Chevalier
    Lambert Kowalski Nowak Wiśniewski Kamiński Zieliński Novák Svoboda Horváth Nagy Kovács Popescu Ionescu
    Petrov Ivanova Sokolov Volkov Kuznetsov Andersson Johansson Karlsson Nilsson Hansen Jensen Sørensen
    Larsen Olsen Berg Haugen Virtanen Korhonen Tanaka Suzuki Takahashi Watanabe Yamamoto Nakamura Kobayashi
    Kim Park Choi Jung Chen Wang Zhang Liu Huang Zhao Nguyen Tran Pham Singh Sharma Patel Gupta Kumar Reddy
    Iyer Mehta Khan Hussain Malik Ahmed Hassan Ali Haddad Mansour Okafor Adeyemi Mensah Nkosi Dlamini Abebe
    Tesfaye Yilmaz Kaya Demir Şahin O'Brien O'Connor MacDonald McKenzie Fitzgerald"""
)
CITY = listed(
    """London|Paris|Berlin|Madrid|Rome|Vienna|Prague|Warsaw|Budapest|Lisbon|Dublin|Oslo|Stockholm|Helsinki|
    Copenhagen|Amsterdam|Brussels|Zurich|Geneva|Munich|Hamburg|Cologne|Frankfurt|Leipzig|Dresden|Lyon|
    Marseille|Toulouse|Nantes|Barcelona|Seville|Valencia|Bilbao|Porto|Milan|Turin|Naples|Bologna|Athens|
    Istanbul|Ankara|Cairo|Nairobi|Lagos|Accra|Cape Town|Johannesburg|Casablanca|Tunis|Mumbai|Delhi|Chennai|
    Pune|Kolkata|Tokyo|Osaka|Kyoto|Seoul|Busan|Beijing|Shanghai|Taipei|Hanoi|Bangkok|Jakarta|Manila|
    Singapore|Kuala Lumpur|Sydney|Melbourne|Brisbane|Perth|Auckland|Wellington|Toronto|Montréal|Vancouver|
    Ottawa|Calgary|Boston|Chicago|Seattle|Denver|Austin|Houston|Dallas|Portland|San Diego|New York|
    San Francisco|Los Angeles|Miami|Atlanta|Philadelphia|Detroit|Phoenix|Nashville|New Orleans|
    Salt Lake City|Mexico City|Bogotá|Lima|Santiago|Buenos Aires|São Paulo|Rio de Janeiro|Quito|Montevideo|
    Caracas|Havana|Kraków|Gdańsk|Wrocław|Brno|Bratislava|Ljubljana|Zagreb|Belgrade|Sofia|Bucharest|Riga|
    Vilnius|Tallinn|Gothenburg|Malmö|Bergen|Aarhus|Tampere|Manchester|Leeds|Bristol|Oxford|Cambridge|
    Edinburgh|Glasgow|Cardiff|Belfast|Cork|Galway|Ghent|Antwerp|Rotterdam|Utrecht|Düsseldorf|Nürnberg|
    Göttingen|Salzburg|Graz|Basel|Bern|Lausanne|Tel Aviv|Amman|Dubai|Doha|Springfield|Riverside"""
)
COUNTRY = listed(
    """Germany|France|Spain|Italy|Austria|Switzerland|Poland|Portugal|Ireland|Norway|Sweden|Finland|Denmark|
    Netherlands|Belgium|Greece|Turkey|Egypt|Kenya|Nigeria|Ghana|South Africa|Morocco|India|Japan|
    South Korea|China|Taiwan|Vietnam|Thailand|Indonesia|Philippines|Singapore|Malaysia|Australia|
    New Zealand|Canada|United States|Mexico|Colombia|Peru|Chile|Argentina|Brazil|Ecuador|Uruguay|
    Czech Republic|Hungary|Romania|Bulgaria|Croatia|Slovenia|Estonia|Latvia|Lithuania|Iceland|
    United Kingdom|Scotland|Wales|Israel|Jordan"""
)
COMPANY = listed(
    """Northwind Acme Globex Initech Umbra Contoso Fabrikam Vertex Summit Horizon Pioneer Atlas Nova Zenith
    Apex Orion Delta Sigma Quantum Stellar Lumen Cobalt Granite Harbor Maple Cedar Willow Falcon Raven
    Phoenix Titan Mercury Neptune Aurora Polaris Evergreen Redwood Bluebird Silverline Ironworks Brightside
    Clearwater Stonebridge Oakfield Fairview Westgate Eastland Southport Highland Lakeside Riverstone
    Meridian Compass Anchor Beacon Keystone Cornerstone Catalyst Fusion Pulse Spark Ember Frost Glacier
    Tundra Sahara Monsoon Cascade Canyon Prairie Summerhill Winterfell Bluefin Tidewater Copperfield
    Goldcrest Larkspur Juniper"""
)
COMPANY_FIELD = listed(
    """Logistics Foods Software Systems Robotics Energy Design Consulting Media Textiles Pharma Motors
    Instruments Analytics Furniture Optics Electronics Printing Publishing Travel Bakery Books Garden Tools
    Supplies Labs Partners Capital Trading Industries Solutions Services Technologies Steel Paper Chemicals
    Airlines Shipping Toys Sports Catering Cleaning Security Studio Works Brothers Traders Office
    Stationery Hardware Coffee"""
)
COMPANY_FORM = listed("Ltd|Inc|GmbH|LLC|AG|S.A.|Corp|Co.|Group|BV|AB|SARL|Oy|& Sons|plc")
STREET = listed(
    """Main Oak Pine Maple Elm Cedar Park Lake Hill River Church High Station Mill School Bridge Garden Spring
    Market Queen King Victoria Albert Castle North South West East Union Liberty Washington Lincoln
    Franklin Harbour Meadow Forest Chestnut Walnut Birch Willow Sunset Valley Ridge College Orchard Windsor
    Abbey Green Baker Cannon"""
)
STREET_KIND = listed("Street Road Avenue Lane Drive Way Square St Rd Ave Court Place Blvd Terrace")
ADJECTIVE = listed(
    """wireless compact steel bamboo solar portable ceramic folding vintage smart leather digital cordless
    heavy slim organic silent modular wooden electric glass cotton woollen plastic copper waterproof
    adjustable foldable magnetic ergonomic rechargeable stainless padded mini giant black white red blue
    green silver grey"""
)
PRODUCT = listed(
    """keyboard lamp kettle backpack router chair monitor drill bottle notebook headset camera tent blender
    mouse desk speaker jacket toaster printer scanner bicycle helmet umbrella wallet watch mug kettlebell
    shelf cabinet mattress pillow blanket towel ladder hammer screwdriver wrench saw pump hose fan heater
    radio tripod projector charger adapter cable battery stapler binder folder envelope pen marker eraser
    ruler clock mirror vase basket bucket broom mixer oven fridge freezer vacuum iron sofa stool bench
    carpet curtain candle sponge brush comb scarf glove boot sandal hat belt tea coffee honey flour rice
    pasta candle puzzle kite drone tablet laptop phone toner paper valve bolt gasket bearing sensor switch
    hinge bracket gearbox motor filter"""
)
JOB = listed(
    """software engineer|data analyst|project manager|nurse|teacher|accountant|graphic designer|sales manager|
    plumber|electrician|architect|lawyer|pharmacist|chef|journalist|translator|product manager|
    marketing director|research scientist|mechanical engineer|civil engineer|office manager|receptionist|
    truck driver|photographer|librarian|carpenter|dentist|veterinarian|biologist|chemist|economist|
    consultant|editor|hr specialist|customer support agent|devops engineer|security analyst|UX designer|
    backend developer|frontend developer|data scientist|financial controller|buyer|head of sales|
    chief technology officer|CEO|CTO|team lead|professor|lecturer|physiotherapist|gardener|baker|pilot|
    warehouse clerk|technical writer|quality inspector|operations lead|account executive"""
)
TOPIC = listed(
    """robotics gardening jazz chemistry startup photography poetry security design cooking climate chess
    history archery python data marketing sales budget product safety onboarding yoga pottery film science
    music literature astronomy blockchain energy health finance education leadership language painting
    cycling"""
)
GATHERING = listed(
    """workshop meetup conference concert seminar webinar hackathon festival lecture symposium summit course
    retreat exhibition panel training class fair party review session forum"""
)
SKILL = listed(
    """Python Java SQL Excel Rust Go Docker Kubernetes Linux Photoshop Figma React TypeScript Terraform Spark
    negotiation welding French Spanish German Mandarin copywriting accounting bookkeeping statistics
    cooking surgery painting first-aid carpentry SEO Git Kafka Redis PostgreSQL Swift Kotlin Ruby Scala
    MATLAB AutoCAD SAP presentation mentoring planning budgeting"""
)
TAG = listed(
    """urgent new sale eco vegan outdoor kitchen office travel sport kids garden tech fashion gift budget
    premium limited organic handmade backend frontend bug billing login mobile api docs security
    performance ui database network finance legal internal draft holiday school music health home pets food"""
)
COLOUR = listed("""red blue green black white silver navy orange yellow purple brown grey pink beige turquoise gold""")
LANGUAGE = listed(
    """English French German Spanish Italian Portuguese Polish Turkish Arabic Hindi Japanese Korean Mandarin
    Dutch Swedish"""
)
CURRENCY = listed("USD EUR GBP CHF JPY SEK CAD AUD INR PLN")
DEPARTMENT = listed(
    """sales|marketing|finance|engineering|human resources|legal|support|logistics|purchasing|research|
    operations|quality|production|security|administration|IT"""
)
GENRE = listed(
    """thriller|romance|science fiction|fantasy|biography|history|poetry|crime|travel|horror|drama|comedy|
    memoir|adventure"""
)
MATERIAL = listed(
    """steel oak leather cotton wool glass plastic aluminium bamboo ceramic copper silk linen rubber marble"""
)
LABEL_NOUN = listed(
    """gearbox pump valve locker badge contract policy claim batch sample sensor channel project room building
    floor gate seat cabin terminal license vehicle engine chassis account branch region team shift route
    depot warehouse container pallet shipment parcel permit ticket voucher coupon membership course module
    lesson student teacher patient doctor ward clinic insurance treatment dosage allergy diagnosis
    laboratory experiment trial reactor turbine boiler tank pipe filter motor drone robot camera lens
    printer server cluster database backup archive domain network router firewall key token device battery
    charger meter tariff circuit panel window door roof garden kitchen recipe oven harvest field crop horse
    stable boat harbour dock crane bridge tunnel station platform train wagon driver pilot crew captain
    flight runway hangar museum gallery artist painting album track song band studio label editor chapter
    volume journal library loan deposit mortgage broker agent auditor supervisor guardian mentor sponsor
    donor tenant landlord apartment"""
)
LABEL_ATTRIBUTE = {
    "code": "code number id reference serial key identifier tag",
    "name": "name manager owner contact operator inspector responsible holder assistant",
    "integer": "count size capacity level age limit points score pressure speed distance weight",
    "number": "price cost fee rate budget value amount rating charge tax length width temperature",
    "date": "date expiry deadline start end renewal inspection delivery",
    "word": "type class model brand colour category status version location group mode material",
    "city": "city location town site office origin destination",
    "email": "email mail address",
    "phone": "phone hotline telephone",
    "time": "time opening closing departure arrival",
}
VERB = listed(
    """update fix review replace check order prepare send cancel renew test clean design translate approve
    publish repair install inspect draft migrate document upgrade pack improve paint"""
)
THING = listed(
    """invoice|contract|login page|budget plan|printer|roof|contract|website|database|report|payment form|
    front door|newsletter|user manual|price list|backup job|search page|delivery schedule|heating system|
    parking permit|travel policy|security camera|mobile app|checkout page|export function|dashboard|
    staff list|garden fence|meeting room|projector|coffee machine|server|firewall|password reset|
    sign-up form|image upload|shopping cart|audit log|customer survey|holiday calendar|sales figures|
    training material|air conditioning|loading dock|visitor badge"""
)
FAULT = listed(
    """crashes on submit|is very slow|shows a blank page|does not open|returns an error|loses data|is missing|
    keeps restarting|freezes after login|prints empty pages|leaks water|makes a loud noise|
    ignores the filter|times out|is out of date|has the wrong price|fails on Safari|cannot be saved|
    shows wrong totals|duplicates entries|smells of smoke|blocks the door|shows old prices|
    needs new batteries|shows no map"""
)
BOOK_WORD = listed(
    """Silent River Winter Garden Last Letter Broken Crown Hidden Door Stone Bridge Lost Island Glass Tower
    Dark Forest Golden Hour Paper Moon Distant Shore Burning Field Iron Sea Salt Road Empty House Long
    Night Blue Mountain"""
)
SYLLABLE = listed(
    """ba be bi bo bu ca ce co da de di do fa fe fi ga ge go ha he ho ja jo ka ke ki ko la le li lo lu ma me
    mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we za
    zo zu bran stor mel quin tra gra plo shen thor wick lyn mar ton ber dal fen gor hal ist jun kel lor mir
    nor pel rin sol tam ul vor wen yar zel dø né ñu mü šti"""
)
