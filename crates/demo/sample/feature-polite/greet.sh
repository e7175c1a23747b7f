# Prints a greeting: greet [NAME] [HOUR]
greet() {
  local greeting='Hello'
  if [ -n "${2:-}" ]; then
    greeting='Good day'
  fi
  printf '%s, %s!\n' "$greeting" "${1:-world}"
}
