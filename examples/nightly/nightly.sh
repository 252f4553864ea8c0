#!/bin/sh
# Delivers the exports in inbox/, oldest first. Cron mails what this prints, so it prints only
# what needs attention.
set -u
cd "$(dirname "$0")" || exit 1
exec 9>state/lock
flock -n 9 || { echo "The previous run isn't done yet."; exit 1; }
KLAVIYO_API_KEY=$(cat secrets/klaviyo.key) || exit 1
export KLAVIYO_API_KEY

worst=0
for file in inbox/*.jsonl.gz; do
    [ -e "$file" ] || { echo "There is no export in inbox/."; exit 1; }
    name=$(basename "$file" .jsonl.gz)
    status=0
    rudderklaviyo send --config destination.yaml --checkpoint "state/$name.json" \
        --dead-letter dead.jsonl "$file" >state/log 2>&1 || status=$?
    if [ $status != 0 ]; then
        worst=$status
        echo "$file: exit status $status"
        case $status in
            3) sed "s|$file|done/$name.jsonl.gz|" state/log ;; # where the export is from now on
            *) cat state/log ;;
        esac
    fi
    case $status in
        0 | 3) mv "$file" done/ && rm -f "state/$name.json" "state/$name.json.lock" ;;
        *) exit $status ;; # the next run continues here
    esac
done
exit $worst
