"""The words of the grammar, in tables meant to be proofread at a glance, and who may do what to whom.

Verbs, adjectives and prepositions name the nouns they go with, so that a sentence is seldom odder than a fairy tale.
They name a noun, a kind (the first column of NOUNS) or a group of kinds (GROUPS).

A French participle takes four forms only with être, with a reflexive and with an object before it: MOVABLE is short to
keep the French vocabulary near the English one. One English sentence must have one French translation, so there is no
"it", no "you" and no verb whose base equals its past (put, read).
"""

NOUNS = """
adult     man homme m | woman femme f | king roi m | queen reine f
youth     boy garçon m | girl fille f | child enfant m
role      teacher professeur m | doctor médecin m | nurse infirmière f | student étudiant m
role      singer chanteuse f | baker boulanger m | friend ami m | neighbour voisin m
relative  sister sœur f | brother frère m | aunt tante f | uncle oncle m
pet       cat chat m | dog chien m | horse cheval m | goat chèvre f | donkey âne m
wild      bird oiseau m | mouse souris f | fox renard m | bear ours m | turtle tortue f | hedgehog hérisson m
food      apple pomme f | nut noix f | cake gâteau m | egg œuf m | orange orange f | potato pomme de terre f
thing     book livre m | letter lettre f | key clé f | hat chapeau m | umbrella parapluie m | basket panier m
thing     mirror miroir m | clock horloge f | flower fleur f
seat      mat tapis m | chair chaise f | rug tapis m | bench banc m | table table f
home      house maison f
building  school école f | church église f | castle château m | hotel hôtel m | hospital hôpital m
open      garden jardin m | forest forêt f | street rue f | village village m
ground    island île f | bridge pont m
tree      tree arbre m
"""

GROUPS = {
    "people": "adult youth role relative",
    "animals": "pet wild",
    "places": "home building open ground",
}

# What somebody may own, and say "his" or "the king 's" of; a relative is always somebody's.
OWNED = "relative teacher doctor friend neighbour pet food thing seat home castle garden"

# English | French masculine and feminine | its place in French, its theme (nothing is said to be of two colours) and
# the adverbs it bears besides | the nouns it stands beside | the nouns it is said of ("same": the same)
ADJECTIVES = """
small     | petit petite         | before size very too        | youth animals food thing seat places tree | same
little    | petit petite         | before size                 | youth animals house garden village island |
big       | grand grande         | before size very too        | dog bear hat basket clock seat places tree | same
tall      | grand grande         | before size very too        | tree | people tree
huge      | énorme énorme        | after size                  | animals food castle church forest tree | same
old       | vieux vieille        | before age very too         | adult role animals thing seat home building tree | same
young     | jeune jeune          | before age                  | adult youth role pet | adult role relative pet
new       | nouveau nouvelle     | before age                  | king queen role thing seat home building bridge |
beautiful | beau belle           | before beauty very          | pet bird thing places tree | same
red       | rouge rouge          | after colour                | apple bird thing seat house | same
black     | noir noire           | after colour                | cat dog horse bird hat umbrella key chair table | same
grey      | gris grise           | after colour                | pet mouse hat umbrella mat chair house church | same
happy     | heureux heureuse     | after mood very often       | people | people
glad      | heureux heureuse     | after mood very often       |  | people
sad       | triste triste        | after mood very too often   | people pet | same
quiet     | calme calme          | after temper very too often | people animals hotel open | same
shy       | timide timide        | after temper very too       | people animals | same
honest    | honnête honnête      | after virtue very           | adult role | adult role relative
famous    | célèbre célèbre      | after fame very             | adult role castle church hotel hospital school | same
sick      | malade malade        | after health often          | youth role pet | people pet
ill       | malade malade        | after health very too often |  | people
dirty     | sale sale            | after dirt very too often   | thing seat pet street | same
empty     | vide vide            | after content               | basket chair bench house building street garden | same
delicious | délicieux délicieuse | after taste                 | food | same
"""

# English base, past and particle | French present singular and plural, past participle | who does it | to what.
# MOVABLE: the object may stand before the verb, as a pronoun or as what a relative clause is about.
MOVABLE = """
see saw         | voit voient vu            | people animals | people animals thing places tree
look looked for | cherche cherchent cherché | people animals | people animals thing food
help helped     | aide aident aidé          | people | people
buy bought      | achète achètent acheté    | people | thing food seat horse goat donkey house
"""
DIRECT = """
eat ate         | mange mangent mangé       | people pet mouse bear fox turtle | food
look looked at  | regarde regardent regardé | people animals | people animals thing food places tree
follow followed | suit suivent suivi        | animals youth | adult role pet
wait waited for | attend attendent attendu  | people dog | people
draw drew       | dessine dessinent dessiné | people | people animals thing places tree
take took       | prend prennent pris       | people | thing food
open opened     | ouvre ouvrent ouvert      | people | book letter umbrella basket
visit visited   | visite visitent visité    | people | building house forest village island garden
"""
# ... as above | what goes before the people who are given it.
GIVING = """
give gave   | donne donnent donné    | people | thing food cat dog horse                | to à
show showed | montre montrent montré | people | thing cat dog horse donkey house garden | to à
"""
# ... as above | what goes before those spoken to; they may be a pronoun before the French verb (lui, leur).
ADDRESSING = """
speak spoke     | parle parlent parlé      | people | people | to à
talk talked     | parle parlent parlé      | people | people | to à
smile smiled    | sourit sourient souri    | people | people | at à
answer answered | répond répondent répondu | people | people | - à
"""
# ... as above | what goes before the object, which is never a pronoun.
OBLIQUE = """
talk talked   | parle parlent parlé | people | people animals thing places | about de
dream dreamed | rêve rêvent rêvé    | people | animals food places flower  | of de
"""
# ... as above, without an object | where it may happen.
BARE = """
sleep slept    | dort dorment dormi           | people animals      | lying
wait waited    | attend attendent attendu     | people animals      | still
sit sat        | assoit assoient assis se     | people cat dog bear | still
sing sang      | chante chantent chanté       | people bird         | moving
dance danced   | danse dansent dansé          | people bear         | moving
run ran        | court courent couru          | people animals      | moving
play played    | joue jouent joué             | people animals      | moving
walk walked    | promène promènent promené se | people dog horse    | moving
go went        | va vont allé être            | people              | going
arrive arrived | arrive arrivent arrivé être  | people animals      | halting
stop stopped   | arrête arrêtent arrêté se    | people animals      | halting
"""

# English | French | landmarks | settings: those of the verbs above, and where an object or what is fixed simply is.
PREPOSITIONS = """
on          | sur       | mat chair rug bench             | lying still
on          | sur       | mat chair rug bench table       | object
on          | sur       | ground                          | lying still moving
in          | dans      | home building open              | lying still moving
in          | dans      | home garden castle              | object
to          | à         | building garden village         | going
at          | à         | building                        | still halting
under       | sous      | tree table bench bridge         | lying still object
near        | près de   | people tree table home building | still moving halting
near        | près de   | tree table home garden          | object
near        | près de   | places tree                     | lying fixed
next to     | à côté de | people animals                  | still
next to     | à côté de | tree home building              | lying still fixed
next to     | à côté de | tree home table chair           | object
behind      | derrière  | people tree home building       | still moving
behind      | derrière  | tree home                       | lying object fixed
behind      | derrière  | building                        | lying fixed
in front of | devant    | people tree home building       | still moving halting
in front of | devant    | home building                   | fixed
far from    | loin de   | home building open bridge       | still moving fixed
with        | avec      | people                          | moving
"""

# English: French masculine, feminine, plural.
DETERMINERS = {
    "the": ("le", "la", "les"),
    "a": ("un", "une", "des"),
    "this": ("ce", "cette", "ces"),
    "his": ("son", "sa", "ses"),
    "her": ("son", "sa", "ses"),
    "their": ("leur", "leur", "leurs"),
}
# "They" are ils wherever nothing says that all of them are feminine.
PRONOUNS = {
    "he": {"english": "him", "subject": "il", "direct": "le", "indirect": "lui", "strong": "lui"},
    "she": {"english": "her", "subject": "elle", "direct": "la", "indirect": "lui", "strong": "elle"},
    "they": {"english": "them", "subject": "ils", "direct": "les", "indirect": "leur", "strong": "eux"},
    "they, feminine": {"subject": "elles"},
}
POSSESSIVES = ("his", "her", "their")
ENGLISH_PLURALS = {"a": "some", "this": "these"}
NUMBERS = {
    "two": "deux",
    "three": "trois",
    "four": "quatre",
    "five": "cinq",
    "six": "six",
    "seven": "sept",
    "eight": "huit",
    "nine": "neuf",
    "ten": "dix",
    "many": "beaucoup de",
}
NEGATIONS = {"not": "pas", "never": "jamais"}
FREQUENCIES = {"often": "souvent", "always": "toujours", "sometimes": "parfois"}
# English: French, the verbs.
MANNERS = {
    "quickly": ("vite", "run dance"),
    "slowly": ("lentement", "run dance walk"),
    "together": ("ensemble", "run dance walk sing play"),
}
DEGREES = {"very": "très", "too": "trop"}
CONJUNCTIONS = {"and": "et", "but": "mais"}
CONJUNCTIONS_AND_BECAUSE = {**CONJUNCTIONS, "because": "parce que"}
