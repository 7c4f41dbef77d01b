#include "night/words.h"

#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NBSP   "\u00a0"
#define NARROW "\u202f"

/* Spaces before : ; ! ? % and between digits are no-break ones. */
static const char *const
	words[WORDS]
	     [LANGUAGE_COUNT] = {
		     [W_REPORT] = { "Bilan de fréquentation", "Attendance report" },
		     [W_CONTENTS] = { "Sommaire", "Contents" },
		     [W_BELOW] = { "%1 — %2, de %3 à %4, %5", "%1 — %2, %3 to %4, %5" },
		     [W_PLACES] = { "%1 lieu|%1 lieux", "%1 venue|%1 venues" },
		     [W_SUMMARY] = { "Entre %2 et %3, les portes ont vu passer %1, pour %4 : certaines personnes ont visité plusieurs lieux ou sont revenues.",
			     "Between %2 and %3 the doors saw %1, with %4: some visited several venues or came back." },
		     [W_SUMMARY_NOBODY] = { "Aucune entrée n’est enregistrée pour cette soirée.",
			     "No entry is recorded for this night." },
		     [W_ENTRIES] = { "%1 entrée|%1 entrées", "%1 entry|%1 entries" },
		     [W_ENTRIES_NOTE] = { "retours et changements de lieu compris",
			     "returns and moves between venues included" },
		     [W_PEOPLE] = { "%1 personne|%1 personnes", "%1 person|%1 people" },
		     [W_PEOPLE_NOTE] = { "billets distincts et visiteurs sans billet",
			     "distinct tickets, and guests without one" },
		     [W_PEAK] = { "présents au plus fort", "present at the peak" },
		     [W_PEAK_NOTE] = { "à %1, tous lieux confondus",
			     "at %1, in all venues together" },
		     [W_CAME] = { "inscrits venus", "registered guests came" },
		     [W_CAME_NOTE] = { "soit %1 des %2 inscrits", "%1 of %2 registered" },
		     [W_CAME_UNKNOWN] = { "liste des inscrits absente de ce poste",
			     "no list of registrations on this machine" },
		     [W_WALK_INS] = { "venus sans billet", "came without a ticket" },
		     [W_WALK_INS_NOTE] = { "soit %1 des personnes", "%1 of the people" },
		     [W_MOVES] = { "changements de lieu", "moves between venues" },
		     [W_MOVES_NOTE] = { "d’un lieu de la soirée à un autre",
			     "from one venue of the night to another" },
		     [W_NONE] = { "—", "—" },
		     [W_MARKED] = { "Ce qui manque, ce qui est douteux",
			     "What is missing, what is doubtful" },
		     [W_ALL_WELL] = { "Rien ne manque", "Nothing is missing" },
		     [W_ALL_WELL_LINE] = { "Les journaux de tous les boîtiers sont complets, se suivent sans lacune et aucune horloge n’est douteuse.",
			     "The logs of all boxes are complete and unbroken, and no clock is in doubt." },
		     [W_MISSING] = { "Il manque %1 ligne dans les journaux de %2 : les chiffres sont des minimums.|Il manque %1 lignes dans les journaux de %2 : les chiffres sont des minimums.",
			     "%1 row is missing from the logs of %2: the figures are minimums.|%1 rows are missing from the logs of %2: the figures are minimums." },
		     [W_MISSING_WHERE] = { "%1 (%2 lignes)", "%1 (%2 rows)" },
		     [W_SILENT] = { "Aucune ligne n’est parvenue de %1.",
			     "No row has come from %1." },
		     [W_BROKEN] = { "%1 ligne ne suit pas celle qui la précède : elle a été modifiée ou abîmée. Elle est comptée, et signalée plus loin.|%1 lignes ne suivent pas celles qui les précèdent : elles ont été modifiées ou abîmées. Elles sont comptées, et signalées plus loin.",
			     "%1 row does not follow the one before it: it was changed or damaged. It is counted, and listed below.|%1 rows do not follow those before them: they were changed or damaged. They are counted, and listed below." },
		     [W_CONTRADICTED] = { "%1 ligne existe en deux versions ; la mieux attestée est comptée.|%1 lignes existent en deux versions ; la mieux attestée est comptée.",
			     "%1 row exists in two versions; the better witnessed one is counted.|%1 rows exist in two versions; the better witnessed ones are counted." },
		     [W_UNSIGNED] = { "%1 ligne n’est garantie par aucune signature d’un boîtier.|%1 lignes ne sont garanties par aucune signature d’un boîtier.",
			     "No signature of a box vouches for %1 row.|No signature of a box vouches for %1 rows." },
		     [W_CLOCKS] = { "L’horloge de %1 est douteuse : les heures qui en viennent sont à lire avec prudence.|Les horloges de %1 sont douteuses : les heures qui en viennent sont à lire avec prudence.",
			     "The clock of %1 is in doubt: times that come from it are to be read with care.|The clocks of %1 are in doubt: times that come from them are to be read with care." },
		     [W_PAIRS_FOUND] = { "%1 billet est entré deux fois par des portes qui ne pouvaient pas se parler : à une personne d’en juger.|%1 billets sont entrés deux fois par des portes qui ne pouvaient pas se parler : à une personne d’en juger.",
			     "%1 ticket came in twice by doors that could not talk to each other: for a person to judge.|%1 tickets came in twice by doors that could not talk to each other: for a person to judge." },
		     [W_OUTSIDE] = { "%1 entrée porte une heure hors de la soirée : elle est comptée, mais n’est sur aucune courbe.|%1 entrées portent une heure hors de la soirée : elles sont comptées, mais ne sont sur aucune courbe.",
			     "%1 entry has a time outside the night: it is counted, but on no curve.|%1 entries have times outside the night: they are counted, but on no curve." },
		     [W_OUTAGES_FOUND] = { "Le réseau a été coupé une fois, pendant %2 ; les portes ont continué et rien n’a été perdu de ce fait.|Le réseau a été coupé %1 fois, au plus %2 ; les portes ont continué et rien n’a été perdu de ce fait.", "The network was out once, for %2; the doors went on and nothing was lost by it.|The network was out %1 times, for %2 at most; the doors went on and nothing was lost by it." },
		     [W_AND] = { "%1 ; %2", "%1; %2" },
		     [W_TOO_MANY] = { "… et %1 de plus", "… and %1 more" },
		     [W_EVENING] = { "La soirée", "The night" },
		     [W_PRESENCE] = { "Personnes présentes, tous lieux confondus",
			     "People present, all venues together" },
		     [W_PRESENCE_ALT] = { "La courbe des présents culmine à %1 à %2 ; à la fin des journaux il en reste %3.",
			     "The curve of people present peaks at %1 at %2; at the end of the logs %3 are left." },
		     [W_ARRIVALS] = { "Entrées par dix minutes, tous lieux confondus",
			     "Entries per ten minutes, all venues together" },
		     [W_ARRIVALS_ALT] = { "Les entrées par dix minutes culminent à %1, à partir de %2.",
			     "Entries per ten minutes peak at %1, from %2." },
		     [W_NO_PEAK] = { "Personne n’a été compté.", "Nobody was counted." },
		     [W_BY_VENUE] = { "Lieu par lieu", "Venue by venue" },
		     [W_VENUE_BARS] = { "Personnes venues, par lieu", "People who came, by venue" },
		     [W_VENUE_BARS_ALT] = { "Le plus visité est %1, avec %2 personnes. Le tableau qui suit donne les mêmes chiffres.",
			     "The most visited is %1, with %2 people. The table below gives the same figures." },
		     [W_ALL_PEOPLE] = { "toutes les personnes", "all people" },
		     [W_REGISTERED_AMONG] = { "dont inscrites", "registered among them" },
		     [W_VENUE] = { "Lieu", "Venue" },
		     [W_REGISTERED] = { "Inscrits", "Registered" },
		     [W_PEAK_AT] = { "à", "at" },
		     [W_TOTAL] = { "La soirée", "The night" },
		     [W_TOTAL_PEOPLE_NOTE] = { "Une personne vue dans deux lieux compte dans chacun, et une seule fois pour la soirée. Les inscrits pour tous les lieux ne figurent que dans la dernière ligne.",
			     "A person seen in two venues counts in each, and once for the night. Those registered for every venue are in the last row only." },
		     [W_CURVES] = { "Présents, lieu par lieu", "People present, venue by venue" },
		     [W_CURVES_NOTE] = { "Le pointillé est la capacité du lieu.",
			     "The dashed line is the venue’s capacity." },
		     [W_CURVE_ALT] = { "%1 : au plus %2 à %3.", "%1: at most %2 at %3." },
		     [W_CAPACITY] = { "%1 places", "%1 seats" },
		     [W_SLOTS] = { "Entrées par dix minutes", "Entries per ten minutes" },
		     [W_SLOTS_CAPTION] = { "Entrées par dix minutes et personnes présentes à la fin de chacune, tous lieux confondus",
			     "Entries per ten minutes and people present at the end of each, all venues together" },
		     [W_SLOT] = { "À partir de", "From" },
		     [W_PRESENT] = { "Présents", "Present" },
		     [W_FLOW] = { "D’un lieu à l’autre", "From venue to venue" },
		     [W_FLOW_CAPTION] = { "Changements de lieu : la largeur d’un ruban est le nombre de passages",
			     "Moves between venues: a ribbon is as wide as they were many" },
		     [W_FLOW_ALT] = { "%1 changements de lieu. Le plus fréquent va de %2 à %3, %4 fois. Le tableau qui suit les donne.",
			     "%1 moves between venues. The most frequent is from %2 to %3, %4 times. The table below lists them." },
		     [W_FROM] = { "De", "From" },
		     [W_TO] = { "À", "To" },
		     [W_PEOPLE_MOVED] = { "Passages", "Moves" },
		     [W_NO_MOVES] = { "Aucun changement de lieu n’est enregistré.",
			     "No move between venues is recorded." },
		     [W_FLOW_TABLE] = { "Changements de lieu, les plus fréquents d’abord",
			     "Moves between venues, the most frequent first" },
		     [W_FLOW_REST] = { "Les %1 autres passages sont dans l’export CSV.",
			     "The other %1 moves are in the CSV export." },
		     [W_REFUSALS] = { "Refus, par motif", "Refusals by reason" },
		     [W_REFUSALS_CAPTION] = { "Codes refusés, par motif",
			     "Codes refused, by reason" },
		     [W_REFUSALS_ALT] = { "%1 refus en tout. Le motif le plus fréquent : %2, %3 fois.",
			     "%1 refusals in all. The most frequent reason: %2, %3 times." },
		     [W_REASON] = { "Motif", "Reason" },
		     [W_COUNT] = { "Nombre", "Number" },
		     [W_NO_REFUSALS] = { "Aucun code n’a été refusé.", "No code was refused." },
		     [W_REFUSALS_NOTE] = { "Un refus est une réponse à un code, non une personne : la même a pu être admise l’instant d’après.",
			     "A refusal is an answer to a code, not a person: the same person may have been admitted a moment later." },
		     [W_DOORS] = { "Le débit des portes", "How fast the doors were" },
		     [W_DOORS_NOTE] = { "L’écart médian est le temps entre deux entrées qui se suivent à moins de dix minutes.",
			     "The median gap is the time between two entries less than ten minutes apart." },
		     [W_DOOR] = { "Porte", "Door" },
		     [W_BUSIEST] = { "Minute la plus dense", "Busiest minute" },
		     [W_BUSIEST_AT] = { "à", "at" },
		     [W_MEDIAN] = { "Écart médian", "Median gap" },
		     [W_BOXES] = { "Les boîtiers", "The boxes" },
		     [W_BOXES_NOTE] = { "Un boîtier est nommé par les huit premiers signes de son identifiant. Les coupures ne se voient que pour les lignes reçues par le réseau.",
			     "A box goes by the first eight characters of its identifier. Outages can be seen only in rows that came over the network." },
		     [W_BOX] = { "Boîtier", "Box" },
		     [W_ROWS] = { "Lignes", "Rows" },
		     [W_MISSING_SHORT] = { "Absentes", "Missing" },
		     [W_OUTAGES] = { "Coupures", "Outages" },
		     [W_LONGEST] = { "La plus longue", "Longest" },
		     [W_CLOCK] = { "Horloge", "Clock" },
		     [W_CLOCK_GOOD] = { "bonne", "good" },
		     [W_CLOCK_UNSET] = { "pas à l’heure : %1 lignes", "not set: %1 rows" },
		     [W_CLOCK_ELSEWHEN] = { "hors de la soirée : %1 lignes",
			     "outside the night: %1 rows" },
		     [W_CLOCK_BEHIND] = { "en retard de %1", "%1 behind" },
		     [W_CLOCK_AHEAD] = { "en avance de %1", "%1 ahead" },
		     [W_CLOCK_STEPPED] = { "a sauté de %1", "jumped by %1" },
		     [W_GAPS_CAPTION] = { "Lignes absentes : aucun des supports recueillis ne les contenait",
			     "Missing rows: no source that was collected had them" },
		     [W_OPENING] = { "Ouverture", "Opening" },
		     [W_NUMBERS] = { "Numéros", "Numbers" },
		     [W_OUTAGES_CAPTION] = { "Coupures du réseau", "Network outages" },
		     [W_OUTAGES_NOTE] = { "Une coupure va de la première ligne qui a attendu plus de deux minutes jusqu’à sa réception.",
			     "An outage runs from the first row that waited more than two minutes until it was received." },
		     [W_SINCE] = { "De", "From" },
		     [W_UNTIL] = { "À", "Until" },
		     [W_WAITED] = { "Lignes en attente", "Rows that waited" },
		     [W_BROKEN_CAPTION] = { "Lignes modifiées ou abîmées",
			     "Rows changed or damaged" },
		     [W_NUMBER] = { "Numéro", "Number" },
		     [W_PAIRS] = { "À juger par une personne", "For a person to judge" },
		     [W_PAIRS_NOTE] = { "Le même billet est entré par deux portes qui ne pouvaient pas se parler. Aucune n’a eu tort : le billet a pu être copié, ou la même personne lue deux fois.",
			     "The same ticket came in by two doors that could not talk to each other. Neither was wrong: the ticket may have been copied, or one person read twice." },
		     [W_FIRST_ENTRY] = { "Première entrée", "First entry" },
		     [W_SECOND_ENTRY] = { "Seconde entrée", "Second entry" },
		     [W_TICKET] = { "Billet (empreinte)", "Ticket (hash)" },
		     [W_NO_PAIRS] = { "Aucun billet n’est entré deux fois de la sorte.",
			     "No ticket came in twice like this." },
		     [W_READING] = { "Comment lire ces chiffres", "How to read these figures" },
		     [W_READING_ENTRIES] = { "Entrée : une ligne qui a laissé entrer quelqu’un et n’a pas été annulée. Les retours, les changements de lieu et les visiteurs sans billet en font partie.",
			     "Entry: a row that let somebody in and was not undone. Returns, moves between venues and guests without a ticket are among them." },
		     [W_READING_PEOPLE] = { "Personne : un billet distinct, ou un visiteur sans billet. Qui est venu deux fois sans billet compte deux fois.",
			     "Person: a distinct ticket, or a guest without one. Who came twice without a ticket counts twice." },
		     [W_READING_PRESENT] = { "Présents : entrées moins sorties, avec les corrections des bénévoles. Qui part sans passer devant un boîtier reste compté.",
			     "Present: entries less exits, with the volunteers’ corrections. Who leaves without passing a box stays counted." },
		     [W_READING_CAME] = { "Inscrits venus : les billets que la liste connaissait et qui ont au moins une entrée.",
			     "Registered guests who came: tickets that the list knew, with at least one entry." },
		     [W_READING_CLOCK] = { "Quand l’horloge d’un boîtier était à l’évidence fausse, ses lignes sont placées par l’horloge logique qu’il partage avec les autres.",
			     "Where a box’s clock was plainly wrong, its rows are placed by the logical clock that it shares with the others." },
		     [W_READING_MADE] = { "Établi le %1 à partir de %2 lignes de journal.",
			     "Drawn up on %1 from %2 rows of the log." },
		     [W_NO_RECEIPTS] = { "—", "—" },
	     };

static const char *const refusals[VERDICT_COUNT][LANGUAGE_COUNT] = {
	[VERDICT_ALREADY_IN] = { "billet déjà entré", "ticket already in" },
	[VERDICT_WRONG_VENUE] = { "billet d’un autre lieu", "ticket for another venue" },
	[VERDICT_NOT_YET] = { "billet valable plus tard", "ticket good later" },
	[VERDICT_EXPIRED] = { "billet périmé", "ticket expired" },
	[VERDICT_REVOKED] = { "billet annulé", "ticket revoked" },
	[VERDICT_FORGED] = { "signature fausse", "false signature" },
	[VERDICT_UNKNOWN] = { "code inconnu", "unknown code" },
	[VERDICT_NOT_A_TICKET] = { "pas un billet (adresse, contact…)",
		"no ticket (address, contact…)" },
	[VERDICT_FULL] = { "lieu complet", "venue full" },
};

const char *word(enum language language, enum word w)
{
	return words[w][language];
}

const char *word_refusal(enum language language, enum verdict v)
{
	return refusals[v][language] ? refusals[v][language] : verdict_names[v];
}

/* --- scraps ------------------------------------------------------------------------------------
 */

static const char *keep(struct scraps *s, char *text)
{
	if (text && s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 256;
		char **grown = realloc(s->at, room * sizeof(*s->at));
		if (grown) {
			s->at = grown;
			s->room = room;
		}
	}
	if (!text || s->count == s->room) {
		free(text);
		s->failed = true;
		return "";
	}
	s->at[s->count++] = text;
	return text;
}

const char *scrap(struct scraps *s, const char *text)
{
	return keep(s, strdup(text));
}

const char *scrap_fill(struct scraps *s, const char *text, const char *const *args, size_t count)
{
	size_t size = strlen(text) + 1, used = 0;
	for (const char *p = text; *p; p++)
		if (*p == '%' && p[1] >= '1' && p[1] <= '9' && (size_t)(p[1] - '1') < count)
			size += strlen(args[p[1] - '1']);
	char *out = malloc(size);
	for (const char *p = text; out && *p; p++) {
		size_t arg = *p == '%' && p[1] >= '1' && p[1] <= '9' ? (size_t)(p[1] - '1') : count;
		if (arg >= count) {
			out[used++] = *p;
			continue;
		}
		size_t len = strlen(args[arg]);
		memcpy(out + used, args[arg], len);
		used += len;
		p++;
	}
	if (out)
		out[used] = '\0';
	return keep(s, out);
}

const char *scrap_number(struct scraps *s, enum language language, int64_t n)
{
	char digits[24], out[64] = "";
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)size);
	size_t used = 0;
	if (n < 0)
		used = (size_t)snprintf(out, sizeof(out), "−");
	for (int i = 0; i < len; i++) {
		bool gap = i && (len - i) % 3 == 0;
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%c",
			!gap                      ? ""
			: language == LANGUAGE_FR ? NARROW
						  : ",",
			digits[i]);
	}
	return scrap(s, out);
}

const char *scrap_hm(struct scraps *s, enum language language, int64_t ms)
{
	char hm[8], out[32];
	if (!ms)
		return word(language, W_NONE);
	when_hm(ms, hm);
	if (language == LANGUAGE_FR)
		snprintf(out, sizeof(out), "%.*s" NBSP "h" NBSP "%s", *hm == '0' ? 1 : 2,
			*hm == '0' ? hm + 1 : hm, hm + 3);
	else
		snprintf(out, sizeof(out), "%s", hm);
	return scrap(s, out);
}

const char *scrap_share(struct scraps *s, enum language language, uint64_t part, uint64_t whole)
{
	char out[32];
	if (!whole)
		return word(language, W_NONE);
	snprintf(out, sizeof(out), "%.0f%s%%", 100.0 * (double)part / (double)whole,
		language == LANGUAGE_FR ? NARROW : "");
	return scrap(s, out);
}

const char *scrap_span(struct scraps *s, enum language language, int64_t ms)
{
	char out[64];
	int64_t minutes = (llabs(ms) + 30000) / 60000, days = minutes / 1440;
	if (days > 2)
		snprintf(out, sizeof(out), "%lld" NBSP "%s", (long long)days,
			language == LANGUAGE_FR ? "jours" : "days");
	else if (minutes >= 60)
		snprintf(out, sizeof(out), "%lld" NBSP "h" NBSP "%02lld", (long long)(minutes / 60),
			(long long)(minutes % 60));
	else if (minutes)
		snprintf(out, sizeof(out), "%lld" NBSP "min", (long long)minutes);
	else
		snprintf(out, sizeof(out), "%lld" NBSP "s", (long long)(llabs(ms) / 1000));
	return scrap(s, out);
}

const char *scrap_seconds(struct scraps *s, enum language language, uint32_t ms)
{
	char out[32];
	if (!ms)
		return word(language, W_NONE);
	snprintf(out, sizeof(out), "%u%s%u" NBSP "s", ms / 1000,
		language == LANGUAGE_FR ? "," : ".", ms / 100 % 10);
	return scrap(s, out);
}

const char *scrap_for(struct scraps *s, enum language language, enum word w, uint64_t n)
{
	const char *text = words[w][language], *bar = strchr(text, '|');
	bool single = language == LANGUAGE_FR ? n < 2 : n == 1;
	if (!bar || !single)
		return bar ? bar + 1 : text;
	return keep(s, strndup(text, (size_t)(bar - text)));
}

void scraps_free(struct scraps *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->at[i]);
	free(s->at);
	*s = (struct scraps){ 0 };
}
