# Prints a greeting: greet [NAME]
greet() {
  printf 'Hello, %s!\n' "${1:-world}"
}
