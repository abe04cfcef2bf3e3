# Running a script file is the only way to open a script scope in another session state: '$script:' of the tests of one
# file must not be that of the next.
param($______action, $______argument)
& $______action $______argument
