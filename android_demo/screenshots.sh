#!/bin/sh
# Keeps the pictures of the screens that README shows, as the app's tests have drawn them just now:
#     mvn -B -f android_demo package && sh android_demo/screenshots.sh
set -e
cd "$(dirname "$0")"
mkdir -p screenshots
for name in main-day main-night self-test-day benchmark-day; do
    cp "app/target/screenshots/$name.png" screenshots/
done
