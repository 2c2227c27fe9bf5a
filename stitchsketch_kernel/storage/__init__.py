"""Objects (photos, models, patterns, renders), kept by their content.

`interface` says what a store of objects must do, `folders` is the default on a fresh machine;
any S3 server and the gateway will stand behind the same interface. `home` is where a person's
installation keeps what it keeps. Knows only `domain`.
"""
