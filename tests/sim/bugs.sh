#!/bin/sh
# Whether the simulator is worth something: every patch of tests/sim/bugs/ plants one bug in a copy
# of the sources, and the simulator has to find it. Here a few are built; in `make test-long`
# (PARVIS_LONG=1) each, with the number of seeds that it took. BUGS="name …" chooses.
. tests/fake/tap.sh

few="acknowledge-before-commit drop-on-puback gap-ignored no-deduplication"
hunt=${SIM_HUNT:-2000}

eval "$(make -s --no-print-directory VARIANT=release sim-flags)"
here=$PWD

# A tree of its own for each bug: links to the sources, and what the patch changes as copies.
plant()
{
	tree=$DIR/$1
	mkdir -p "$tree"
	cp -r firmware tests/sim "$tree" && mkdir "$tree/tests" && mv "$tree/sim" "$tree/tests/sim"
	patch -d "$tree" -p1 -s -f --no-backup-if-mismatch <"tests/sim/bugs/$1.patch" \
		>"$DIR/$1.log" 2>&1
}

build()
{
	tree=$DIR/$1
	objects=$here/build/release/tests/sim/sim_test.o
	changed=
	for source in $(sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "tests/sim/bugs/$1.patch"); do
		object=$tree/$(echo "${source%.c}" | tr / _).o
		(cd "$tree" && eval "$SIM_CC -w -O1 -g0 -c -o $object $source") || return 1
		objects="$objects $object"
		changed="$changed $source "
	done
	for source in tests/sim/*.c; do
		case "$source$changed" in
		*_test.c* | *" $source "*) ;;
		*) objects="$objects $here/build/release/${source%.c}.o" ;;
		esac
	done
	eval "$SIM_LINK -o $tree/sim $objects $here/build/release/libparvis.a $SIM_LIBS"
}

for patch in tests/sim/bugs/*.patch; do
	name=$(basename "$patch" .patch)
	if ! plant "$name"; then
		not_ok "$name can be planted" "$DIR/$name.log"
		continue
	fi
	case " ${BUGS:-${PARVIS_LONG:+all} $few} " in
	*" all "* | *" $name "*) ;;
	*)
		ok "$name can be planted"
		rm -rf "${DIR:?}/$name"
		continue
		;;
	esac
	if ! build "$name" >"$DIR/$name.log" 2>&1; then
		not_ok "$name can be built" "$DIR/$name.log"
	else
		said=$(SIM_HUNT=$hunt "$DIR/$name/sim" 2>&1)
		said=$(printf '%s\n' "$said" | grep 'caught' | tail -n 1)
		case $said in
		"caught after"*) ok "$name is $said" ;;
		*) not_ok "$name is caught" "$said" ;;
		esac
	fi
	rm -rf "${DIR:?}/$name"
done

number=$(find tests/sim/bugs -name '*.patch' | wc -l)
if [ "$number" -ge 25 ]; then ok "there are $number planted bugs"; else not_ok "25 planted bugs"; fi
done_testing
