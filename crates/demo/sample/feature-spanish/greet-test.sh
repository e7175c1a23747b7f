# The tests of greet.sh, in nothing but bash: expect DESCRIPTION EXPECTED ACTUAL
. ./greet.sh

failed=0

expect() {
  if [ "$2" = "$3" ]; then
    echo "ok      $1"
  else
    echo "FAILED  $1: expected '$2', but got '$3'"
    failed=$((failed + 1))
  fi
}

expect 'greets the world by default' 'Hello, world!' "$(greet)"
expect 'greets by name' 'Hello, Ferris!' "$(greet Ferris)"
expect 'greets in Spanish' '¡Hola, Ferris!' "$(greet Ferris es)"

echo "$failed failed"
[ "$failed" = 0 ]
