. ./greet.sh
. ./test-report.sh

expect 'greets the world by default' 'Hello, world!' "$(greet)"
expect 'greets by name' 'Hello, Ferris!' "$(greet Ferris)"

finish
