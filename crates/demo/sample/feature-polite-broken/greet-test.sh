. ./greet.sh
. ./test-report.sh

expect 'greets the world by default' 'Hello, world!' "$(greet)"
expect 'greets by name' 'Hello, Ferris!' "$(greet Ferris)"
expect 'greets politely at noon' 'Good day, Ferris!' "$(greet Ferris 12)"
expect 'greets politely at night' 'Good evening, Ferris!' "$(greet Ferris 21)"
expect 'greets politely in the morning' 'Good morning, Ferris!' "$(greet Ferris 8)"

finish
