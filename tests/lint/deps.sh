#!/bin/sh
# board/deps.sh, with a dpkg-query, apt-get, id and sudo of our own on the PATH: what it asks for,
# and what it says where it cannot.
# shellcheck disable=SC2016,SC2181 # fakes expand by themselves; statuses are looked at twice
set -u

number=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-deps.XXXXXX")
trap 'rm -rf "$work"' EXIT
shell=$(command -v sh)

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		sed 's/^/# /' "$work/said"
		echo "not ok $number - $2"
		failed=1
	fi
}

# fake NAME LINE...: a program of that name
fake() {
	name=$1
	shift
	printf '%s\n' "#!$shell" "$@" >"$work/bin/$name"
	chmod +x "$work/bin/$name"
}

# A PATH with what any system has and nothing of Debian's.
bare() {
	rm -rf "${work:?}/bin" "$work/log"
	mkdir "$work/bin"
	: >"$work/log"
	for tool in cat dirname env grep ls sed tr xargs; do
		ln -s "$(command -v $tool)" "$work/bin/$tool"
	done
	fake echo 'printf "%s\n" "$*"'
	fake id 'echo 0'
	fake apt-get "echo apt-get \"\$@\" >>$work/log"
}

deps() {
	PATH="$work/bin" "$shell" board/deps.sh "$@" >"$work/said" 2>&1
}

# Debian, with everything but the packages named.
debian_without() {
	fake dpkg-query "case \" $* \" in *\" \$4 \"*) exit 1 ;; esac" 'echo installed'
}

bare
debian_without
deps test
[ $? = 0 ] && [ ! -s "$work/log" ] && [ ! -s "$work/said" ]
result $? "where everything is there it does and says nothing"

debian_without libcsv-dev gcc
deps build
[ $? = 0 ] && grep -q 'install.* gcc.* libcsv-dev' "$work/log" && grep -q 'gcc libcsv-dev' "$work/said"
result $? "it installs what is missing, and says what"

bare
debian_without clang
deps build
[ $? = 0 ] && [ ! -s "$work/log" ]
result $? "building takes no test tools"
deps test
[ $? = 0 ] && grep -q 'install.* clang$' "$work/log"
result $? "testing does"

bare
debian_without xvfb
fake id 'echo 1000'
fake sudo "echo sudo >>$work/log" 'exec "$@"'
deps test
[ $? = 0 ] && grep -q '^sudo' "$work/log" && grep -q 'install.* xvfb' "$work/log"
result $? "a user installs through sudo"
rm "$work/bin/sudo"
: >"$work/log"
deps test
[ $? = 1 ] && [ ! -s "$work/log" ] && grep -q 'apt-get install.* xvfb' "$work/said"
result $? "without sudo it says what root would have to do"

bare
deps build
[ $? = 1 ] && [ ! -s "$work/log" ] && grep -q 'not Debian' "$work/said" && grep -q libgpiod "$work/said"
result $? "elsewhere it says what Parvis needs"

bare
debian_without gcc
fake apt-get "echo apt-get \"\$@\" >>$work/log" 'case $* in *update*) exit 0 ;; esac' 'exit 100'
deps build
[ $? != 0 ] && grep -q update "$work/log"
result $? "it fails when packages cannot be had, after having asked for a new list"

deps everything
[ $? = 2 ]
result $? "a word that it does not know is wrong use"

echo "1..$number"
exit $failed
