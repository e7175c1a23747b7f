# Prints a greeting: greet [NAME] [HOUR]
greet() {
  local greeting='Hello'
  case "${2:-}" in
    '') ;;
    [0-9]) greeting='Good morning' ;;
    1[0-7]) greeting='Good day' ;;
    *) greeting='Good evening' ;;
  esac
  printf '%s, %s!\n' "$greeting" "${1:-world}"
}
