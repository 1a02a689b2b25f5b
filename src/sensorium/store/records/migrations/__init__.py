"""Schema revisions of the records store, applied by :mod:`sensorium.store.records.migrate`."""
