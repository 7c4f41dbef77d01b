# Reads PO files, the first of which says which strings there are, and writes enum string and, for
# the one file that defines UI_STRINGS_TABLES, the strings themselves with the plural rules.

function complain(line, what)
{
	printf "%s:%d: %s\n", file, line, what > "/dev/stderr"
	bad = 1
}

# The text between the quotes of a line; escapes stay as they are, for they are C's too.
function quoted(text)
{
	if (!match(text, /"([^"\\]|\\.)*"$/)) {
		complain(FNR, "a string in quotes was expected")
		return ""
	}
	return substr(text, RSTART + 1, RLENGTH - 2)
}

# The placeholders of a text in a form that can be compared: "1 2 ".
function placeholders(text, line,    n, i, seen, out)
{
	gsub(/%%/, "", text)
	while (match(text, /%[1-4]\$s/)) {
		seen[substr(text, RSTART + 1, 1)] = 1
		text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
	}
	if (text ~ /%/)
		complain(line, "only %1$s to %4$s and %% are understood")
	for (i = 1; i <= 4; i++)
		if (i in seen)
			out = out i " "
	return out
}

function header_field(name,    parts, n, i)
{
	n = split(value["str0"], parts, /\\n/)
	for (i = 1; i <= n; i++)
		if (index(parts[i], name ": ") == 1)
			return substr(parts[i], length(name) + 3)
	return ""
}

function take_header(    rule)
{
	rule = header_field("Plural-Forms")
	if (!sub(/^nplurals=2; plural=/, "", rule) || !sub(/;$/, "", rule) ||
	    rule !~ /^[n0-9 ()<>=!&|?:%]+$/)
		complain(start, "Plural-Forms must be nplurals=2; plural=an expression of n;")
	plural[language] = rule
}

function take_entry(    key, form, forms, want)
{
	key = value["ctxt"]
	if (key !~ /^[a-z][a-z0-9_.]*$/) {
		complain(start, "msgctxt must name the string: lower case, digits, dots")
		return
	}
	if ((language, key) in text0)
		complain(start, key " is there twice")
	if (first && !(key in known)) {
		known[key] = value["id"]
		many[key] = value["plural"]
		order[++count] = key
	} else if (!(key in known)) {
		complain(start, key " is not in " first_file)
		return
	} else if (known[key] != value["id"] || many[key] != value["plural"])
		complain(start, key ": msgid is not that of " first_file)
	if (fuzzy)
		complain(start, key " is fuzzy")
	forms = many[key] != "" ? 2 : 1
	for (form = 0; form < forms; form++) {
		if (value["str" form] == "")
			complain(start, key " has no translation")
		# A plural form may leave a number out ("the only seat"), but not bring in another.
		want = placeholders(form ? many[key] : known[key], start)
		if (placeholders(value["str" form], start) != want)
			complain(start, key ": placeholders differ from those of the msgid")
	}
	text0[language, key] = value["str0"]
	text1[language, key] = forms == 2 ? value["str1"] : value["str0"]
}

function flush()
{
	if (field == "")
		return
	if (value["ctxt"] == "" && value["id"] == "")
		take_header()
	else
		take_entry()
	split("", value)
	field = ""
	fuzzy = 0
}

function check_complete(    i)
{
	for (i = 1; i <= count; i++)
		if (!((language, order[i]) in text0))
			complain(last_line, order[i] " is missing")
}

FNR == 1 {
	if (file != "") {
		flush()
		check_complete()
	}
	file = FILENAME
	first = first_file == "" || first_file == FILENAME
	if (first)
		first_file = FILENAME
	language = FILENAME
	sub(/.*\//, "", language)
	sub(/\.po$/, "", language)
	languages[++language_count] = language
	field = ""
	fuzzy = 0
	split("", value)
}

{ last_line = FNR }

/^[ \t]*$/ { flush(); next }
/^#~/ { next }
/^#,/ {
	if (field != "")
		flush()
	if ($0 ~ /fuzzy/)
		fuzzy = 1
	next
}
/^#/ { next }

/^msgctxt / { flush_if_new(); field = "ctxt"; value[field] = quoted($0); next }
/^msgid_plural / { field = "plural"; value[field] = quoted($0); next }
/^msgid / { if (field != "ctxt") flush_if_new(); field = "id"; value[field] = quoted($0); next }
/^msgstr\[[01]\] / { field = "str" substr($0, 8, 1); value[field] = quoted($0); next }
/^msgstr / { field = "str0"; value[field] = quoted($0); next }
/^"/ { value[field] = value[field] quoted($0); next }
{ complain(FNR, "this line is not understood") }

function flush_if_new()
{
	if (field != "" && field != "ctxt")
		flush()
	start = FNR
}

function c_name(key)
{
	gsub(/\./, "_", key)
	return "STRING_" toupper(key)
}

END {
	flush()
	check_complete()
	if (bad)
		exit 1
	print "/* Made from assets/strings/ by compile.sh: edit the PO files instead. */"
	print "#ifndef PARVIS_UI_STRINGS_GENERATED_H"
	print "#define PARVIS_UI_STRINGS_GENERATED_H"
	print ""
	print "enum string {"
	for (i = 1; i <= count; i++)
		printf "\t%s,\n", c_name(order[i])
	print "\tSTRING_COUNT"
	print "};"
	print ""
	print "#ifdef UI_STRINGS_TABLES"
	for (l = 1; l <= language_count; l++) {
		printf "static unsigned plural_%s(unsigned long long n)\n{\n", languages[l]
		printf "\treturn %s;\n}\n\n", plural[languages[l]]
	}
	print "static const struct {"
	print "\tunsigned (*plural)(unsigned long long n);"
	print "\tconst char *text[STRING_COUNT][2];"
	print "} tables[LANGUAGE_COUNT] = {"
	for (l = 1; l <= language_count; l++) {
		name = languages[l]
		printf "\t[LANGUAGE_%s] = {\n\t\tplural_%s,\n\t\t{\n", toupper(name), name
		for (i = 1; i <= count; i++)
			printf "\t\t\t[%s] = { \"%s\", \"%s\" },\n", c_name(order[i]),
				text0[name, order[i]], text1[name, order[i]]
		print "\t\t},"
		print "\t},"
	}
	print "};"
	printf "_Static_assert(LANGUAGE_COUNT == %d, \"a PO file for every language\");\n", language_count
	print "#endif"
	print "#endif"
}
