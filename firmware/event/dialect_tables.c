#include "event/dialect_tables.h"

/* clang-format off */
static const struct dialect_alias generic[] = {
	{ "code", FIELD_CODE, 9 },
	{ "ticket code", FIELD_CODE, 2 }, { "code du billet", FIELD_CODE, 2 },
	{ "code billet", FIELD_CODE, 2 }, { "barcode", FIELD_CODE, 2 },
	{ "code barres", FIELD_CODE, 2 }, { "code barre", FIELD_CODE, 2 },
	{ "qr code", FIELD_CODE, 2 },
	{ "name", FIELD_NAME, 0 }, { "full name", FIELD_NAME, 0 }, { "nom complet", FIELD_NAME, 0 },
	{ "nom et prenom", FIELD_NAME, 0 }, { "prenom et nom", FIELD_NAME, 0 },
	{ "first name", FIELD_FIRST, 0 }, { "given name", FIELD_FIRST, 0 },
	{ "prenom", FIELD_FIRST, 0 },
	{ "last name", FIELD_LAST, 0 }, { "family name", FIELD_LAST, 0 },
	{ "surname", FIELD_LAST, 0 }, { "nom de famille", FIELD_LAST, 0 }, { "nom", FIELD_LAST, 0 },
	{ "email", FIELD_EMAIL, 0 }, { "e mail", FIELD_EMAIL, 0 }, { "mail", FIELD_EMAIL, 0 },
	{ "email address", FIELD_EMAIL, 0 }, { "adresse e mail", FIELD_EMAIL, 0 },
	{ "adresse email", FIELD_EMAIL, 0 }, { "courriel", FIELD_EMAIL, 0 },
	{ "type", FIELD_TYPE, 0 }, { "ticket type", FIELD_TYPE, 0 },
	{ "type de billet", FIELD_TYPE, 0 }, { "tarif", FIELD_TYPE, 0 },
	{ "categorie", FIELD_TYPE, 0 }, { "category", FIELD_TYPE, 0 },
	{ "venue", FIELD_VENUE, 0 }, { "lieu", FIELD_VENUE, 0 }, { "salle", FIELD_VENUE, 0 },
	{ "subevent", FIELD_SESSION, 0 }, { "session", FIELD_SESSION, 0 },
	{ "seance", FIELD_SESSION, 0 },
	{ "status", FIELD_STATUS, 0 }, { "statut", FIELD_STATUS, 0 }, { "etat", FIELD_STATUS, 0 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias pretix[] = {
	{ "secret", FIELD_CODE, 4 }, { "ticket secret", FIELD_CODE, 4 },
	{ "code secret", FIELD_CODE, 4 }, { "geheimnis", FIELD_CODE, 4 },
	{ "order code", FIELD_KNOWN, 3 }, { "code de commande", FIELD_KNOWN, 3 },
	{ "code de la commande", FIELD_KNOWN, 3 }, { "bestellnummer", FIELD_KNOWN, 3 },
	{ "attendee name", FIELD_NAME, 3 }, { "nom du participant", FIELD_NAME, 2 },
	{ "nom du de la participant e", FIELD_NAME, 3 }, { "nom de participant", FIELD_NAME, 2 },
	{ "nom du participant e", FIELD_NAME, 2 }, { "teilnehmername", FIELD_NAME, 3 },
	{ "attendee name given name", FIELD_FIRST, 1 }, { "attendee name family name", FIELD_LAST, 1 },
	{ "product", FIELD_TYPE, 1 }, { "produit", FIELD_TYPE, 1 }, { "article", FIELD_TYPE, 1 },
	{ "produkt", FIELD_TYPE, 1 },
	{ "checked in", FIELD_KNOWN, 1 }, { "enregistre", FIELD_KNOWN, 1 },
	{ "checked out", FIELD_KNOWN, 1 },
	{ "automatically checked in", FIELD_KNOWN, 1 },
	{ "paid", FIELD_KNOWN, 1 }, { "paye", FIELD_KNOWN, 1 },
	{ "e mail", FIELD_EMAIL, 0 }, { "email", FIELD_EMAIL, 0 },
	{ "attendee email", FIELD_EMAIL, 0 }, { "adresse e mail", FIELD_EMAIL, 0 },
	{ "adresse electronique", FIELD_EMAIL, 0 }, { "courriel", FIELD_EMAIL, 0 },
	{ "subevent", FIELD_SESSION, 1 }, { "sous evenement", FIELD_SESSION, 1 },
	{ "date", FIELD_SESSION, 0 },
	{ "order status", FIELD_STATUS, 1 }, { "status", FIELD_STATUS, 0 },
	{ "statut de la commande", FIELD_STATUS, 0 }, { "statut", FIELD_STATUS, 0 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias eventbrite[] = {
	{ "barcode #", FIELD_CODE, 4 }, { "barcode", FIELD_CODE, 1 },
	{ "code barres #", FIELD_CODE, 4 }, { "n de code barres", FIELD_CODE, 3 },
	{ "no de code barres", FIELD_CODE, 3 }, { "numero de code barres", FIELD_CODE, 3 },
	{ "n du code barres", FIELD_CODE, 3 }, { "numero du code barres", FIELD_CODE, 3 },
	{ "code barres n", FIELD_CODE, 3 }, { "code barres", FIELD_CODE, 1 },
	{ "order #", FIELD_KNOWN, 4 }, { "commande #", FIELD_KNOWN, 4 },
	{ "n de commande", FIELD_KNOWN, 2 }, { "no de commande", FIELD_KNOWN, 2 },
	{ "numero de commande", FIELD_KNOWN, 1 },
	{ "first name", FIELD_FIRST, 1 }, { "prenom", FIELD_FIRST, 1 },
	{ "last name", FIELD_LAST, 1 }, { "surname", FIELD_LAST, 1 },
	{ "nom de famille", FIELD_LAST, 1 }, { "nom", FIELD_LAST, 1 },
	{ "name", FIELD_NAME, 0 }, { "attendee #", FIELD_KNOWN, 4 },
	{ "email", FIELD_EMAIL, 0 }, { "e mail", FIELD_EMAIL, 0 },
	{ "adresse e mail", FIELD_EMAIL, 0 },
	{ "ticket type", FIELD_TYPE, 2 }, { "type de billet", FIELD_TYPE, 2 },
	{ "attendee status", FIELD_STATUS, 4 }, { "statut du participant", FIELD_STATUS, 4 },
	{ "etat du participant", FIELD_STATUS, 4 }, { "statut des participants", FIELD_STATUS, 4 },
	{ "event name", FIELD_KNOWN, 2 }, { "nom de l evenement", FIELD_KNOWN, 2 },
	{ "order date", FIELD_KNOWN, 1 }, { "date de commande", FIELD_KNOWN, 1 },
	{ "date de la commande", FIELD_KNOWN, 1 }, { "quantity", FIELD_KNOWN, 0 },
	{ "venue", FIELD_VENUE, 0 }, { "lieu", FIELD_VENUE, 0 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias luma[] = {
	{ "qr code url", FIELD_CODE, 4 },
	{ "api id", FIELD_KNOWN, 3 }, { "guest id", FIELD_KNOWN, 3 },
	{ "name", FIELD_NAME, 0 }, { "first name", FIELD_FIRST, 0 }, { "last name", FIELD_LAST, 0 },
	{ "email", FIELD_EMAIL, 0 },
	{ "approval status", FIELD_STATUS, 4 },
	{ "ticket name", FIELD_TYPE, 2 },
	{ "created at", FIELD_KNOWN, 1 }, { "checked in at", FIELD_KNOWN, 1 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias helloasso[] = {
	{ "numero de billet", FIELD_CODE, 3 }, { "numero du billet", FIELD_CODE, 3 },
	{ "n de billet", FIELD_CODE, 2 }, { "n du billet", FIELD_CODE, 2 },
	{ "reference commande", FIELD_KNOWN, 4 }, { "reference de la commande", FIELD_KNOWN, 3 },
	{ "order reference", FIELD_KNOWN, 1 },
	{ "statut de la commande", FIELD_STATUS, 4 }, { "order status", FIELD_STATUS, 0 },
	{ "prenom participant", FIELD_FIRST, 2 }, { "nom participant", FIELD_LAST, 2 },
	{ "tarif", FIELD_TYPE, 1 }, { "billet", FIELD_KNOWN, 1 },
	{ "date de la commande", FIELD_KNOWN, 1 }, { "nom payeur", FIELD_KNOWN, 2 },
	{ "prenom payeur", FIELD_KNOWN, 2 }, { "email payeur", FIELD_KNOWN, 2 },
	{ "montant tarif", FIELD_KNOWN, 2 }, { "moyen de paiement", FIELD_KNOWN, 1 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias weezevent[] = {
	{ "code barres", FIELD_CODE, 3 }, { "codebarres", FIELD_CODE, 3 },
	{ "code barre", FIELD_CODE, 3 }, { "codes barres", FIELD_CODE, 3 },
	{ "code barres du billet", FIELD_CODE, 3 }, { "barcode", FIELD_CODE, 2 },
	{ "numero de billet", FIELD_CODE, 1 }, { "numero du billet", FIELD_CODE, 1 },
	{ "numero de commande", FIELD_KNOWN, 2 }, { "n de commande", FIELD_KNOWN, 1 },
	{ "order number", FIELD_KNOWN, 1 },
	{ "tarif", FIELD_TYPE, 1 }, { "rate", FIELD_TYPE, 1 },
	{ "prenom participant", FIELD_FIRST, 2 }, { "prenom du participant", FIELD_FIRST, 2 },
	{ "nom participant", FIELD_LAST, 2 }, { "nom du participant", FIELD_LAST, 1 },
	{ "participant first name", FIELD_FIRST, 2 }, { "participant last name", FIELD_LAST, 2 },
	{ "email participant", FIELD_EMAIL, 1 }, { "e mail participant", FIELD_EMAIL, 1 },
	{ "email du participant", FIELD_EMAIL, 1 }, { "email", FIELD_EMAIL, 0 },
	{ "statut", FIELD_STATUS, 0 }, { "statut du billet", FIELD_STATUS, 1 },
	{ "nom acheteur", FIELD_KNOWN, 1 }, { "prenom acheteur", FIELD_KNOWN, 1 },
	{ "seance", FIELD_SESSION, 0 }, { "creneau", FIELD_SESSION, 0 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias billetweb[] = {
	{ "code barres", FIELD_CODE, 1 }, { "code barre", FIELD_CODE, 1 },
	{ "billet", FIELD_CODE, 2 }, { "numero de billet", FIELD_CODE, 1 },
	{ "ticket", FIELD_CODE, 2 },
	{ "tarif", FIELD_TYPE, 1 }, { "categorie", FIELD_TYPE, 1 }, { "rate", FIELD_TYPE, 1 },
	{ "nom", FIELD_LAST, 1 }, { "prenom", FIELD_FIRST, 1 }, { "name", FIELD_LAST, 0 },
	{ "firstname", FIELD_FIRST, 1 },
	{ "email", FIELD_EMAIL, 0 }, { "e mail", FIELD_EMAIL, 0 },
	{ "commande", FIELD_KNOWN, 2 }, { "order", FIELD_KNOWN, 1 },
	{ "paye", FIELD_KNOWN, 2 }, { "paid", FIELD_KNOWN, 1 },
	{ "valide", FIELD_VALID, 3 }, { "valid", FIELD_VALID, 1 },
	{ "seance", FIELD_SESSION, 3 }, { "session", FIELD_SESSION, 1 },
	{ NULL, FIELD_UNKNOWN, 0 },
};

static const struct dialect_alias hievents[] = {
	{ "public id", FIELD_CODE, 5 },
	{ "first name", FIELD_FIRST, 1 }, { "last name", FIELD_LAST, 1 },
	{ "email", FIELD_EMAIL, 0 },
	{ "status", FIELD_STATUS, 1 },
	{ "product name", FIELD_TYPE, 3 }, { "ticket name", FIELD_TYPE, 1 },
	{ "product id", FIELD_KNOWN, 1 }, { "event id", FIELD_KNOWN, 1 },
	{ "order id", FIELD_KNOWN, 1 }, { "short id", FIELD_KNOWN, 1 },
	{ NULL, FIELD_UNKNOWN, 0 },
};
/* clang-format on */

const struct dialect_table dialect_tables[] = {
	[DIALECT_AUTO] = { "auto", "", generic },
	[DIALECT_GENERIC] = { "generic",
		"the first line must name the columns, like code,name,type,venue; or say which is "
		"which with --map code=HEADER,name=HEADER",
		generic },
	[DIALECT_PRETIX] = { "pretix",
		"there is no column Secret: in pretix's check-in list export tick \"include QR "
		"code secret\" and export again",
		pretix },
	[DIALECT_EVENTBRITE] = { "eventbrite",
		"there is no column Barcode #, and an order's number is no barcode: in "
		"Eventbrite choose Reports, Attendees, add the column Barcode number and export "
		"again",
		eventbrite },
	[DIALECT_LUMA] = { "luma",
		"there is no column qr_code_url: download the guest list again as CSV, as a "
		"manager of the event",
		luma },
	[DIALECT_HELLOASSO] = { "helloasso",
		"there is no column Numéro de billet: export the participants (not the orders), "
		"detailed, as CSV",
		helloasso },
	[DIALECT_WEEZEVENT] = { "weezevent",
		"there is no column code-barres: add it to the export of participants, or say "
		"which it is with --map code=HEADER",
		weezevent },
	[DIALECT_BILLETWEB] = { "billetweb",
		"there is no column Billet: export the list of participants with the tickets' "
		"numbers",
		billetweb },
	[DIALECT_HIEVENTS] = { "hievents",
		"there is no column Public ID: export the attendees (not the orders) and save the "
		"sheet as CSV in UTF-8",
		hievents },
};
static_assert(ARRAY_LEN(dialect_tables) == DIALECT_COUNT, "every dialect needs its table");

const char *const dialect_good[] = { "attending", "checked in", "approved", "active", "valid",
	"valide", "validee", "confirmed", "confirme", "confirmee", "complete", "completed", "paid",
	"paye", "payee", "ok", "going", "present", "inscrit", "inscrite", "participe", "enregistre",
	"registered", "accepted", "accepte", "traite", "processed", "present e", "oui", "yes", "p",
	NULL };

/* A pending registration is none yet: the next import makes it good once it was approved. */
const char *const dialect_bad[] = { "not attending", "refunded", "declined", "cancelled",
	"canceled", "rejected", "pending", "pending approval", "waitlist", "waitlisted", "invited",
	"deleted", "transferred", "expired", "invalid", "void", "voided", "unapproved", "annule",
	"annulee", "rembourse", "remboursee", "refuse", "refusee", "en attente", "ne participe pas",
	"non valide", "supprime", "supprimee", "invalide", "expire", "expiree", "abandonne",
	"abandonnee", "awaiting payment", "reserved", "liste d attente", "not going", "no", "non",
	"c", "e", "n", NULL };

const char *const dialect_yes[] = { "oui", "yes", "true", "vrai", "1", "valide", "valid", "x", "o",
	"y", NULL };
const char *const dialect_no[] = { "non", "no", "false", "faux", "0", "invalide", "invalid",
	"annule", "n", NULL };
