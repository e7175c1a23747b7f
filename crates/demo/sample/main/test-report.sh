# Tests in nothing but bash: expect DESCRIPTION EXPECTED ACTUAL, then finish. The results are in greet-test.xml, too.
total=0
failed=0
cases=

xml() {
  sed 's/&/\&amp;/g; s/</\&lt;/g; s/"/\&quot;/g' <<<"$1"
}

expect() {
  total=$((total + 1))
  local result='/>'
  if [ "$2" = "$3" ]; then
    echo "ok      $1"
  else
    echo "FAILED  $1: expected '$2', but got '$3'"
    failed=$((failed + 1))
    result="><failure message=\"$(xml "expected '$2', but got '$3'")\"/></testcase>"
  fi
  cases+="  <testcase classname=\"greet\" name=\"$(xml "$1")\" time=\"0\"$result"$'\n'
}

finish() {
  printf '<testsuite name="greet" tests="%s" failures="%s">\n%s</testsuite>\n' "$total" "$failed" "$cases" \
    >greet-test.xml
  echo "$failed of $total failed"
  [ "$failed" = 0 ]
}
