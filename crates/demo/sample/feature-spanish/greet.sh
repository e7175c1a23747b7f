# Prints a greeting: greet [NAME] [LANGUAGE]
greet() {
  case "${2:-en}" in
    es) printf '¡Hola, %s!\n' "${1:-mundo}" ;;
    *) printf 'Hello, %s!\n' "${1:-world}" ;;
  esac
}
