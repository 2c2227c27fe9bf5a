"""Who works in a shop, with which role and preferences.

`records` are the values, `interface` what a store must do, `embedded` the default on a fresh
machine; MongoDB and the gateway will stand behind the same interface. Knows only `domain`.
"""
