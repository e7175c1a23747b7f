# Prints a loud greeting: greet [NAME]
greet() {
  printf 'HELLO, %s!\n' "${1:-world}"
}
