/* The tables of DIR/log.db, DIR/peers.db, DIR/roster.db and DIR/people.db, and the pragmas that a
 * new file is made with. */
#ifndef PARVIS_STORE_SCHEMA_H
#define PARVIS_STORE_SCHEMA_H

/* "PrvL", "PrvR", "Prvf" and "PrvP", in the header of the file. */
#define LOG_APPLICATION    0x5072764c
#define LOG_VERSION        2
#define ROSTER_APPLICATION 0x50727652
#define ROSTER_VERSION     2
#define PEERS_APPLICATION  0x50727666
#define PEERS_VERSION      1
#define PEOPLE_APPLICATION 0x50727650
#define PEOPLE_VERSION     1

/* Outside of a transaction, before anything is in the file. */
extern const char log_schema_file[];
/* In one transaction. */
extern const char log_schema_tables[];
/* In one transaction: makes a log of version 1 one of this version. */
extern const char log_schema_from_1[];

extern const char roster_schema_file[];
extern const char roster_schema_tables[];

extern const char peers_schema_file[];
extern const char peers_schema_tables[];

extern const char people_schema_file[];
extern const char people_schema_tables[];

#endif
