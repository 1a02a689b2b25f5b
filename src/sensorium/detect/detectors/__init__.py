"""One detector per file; ``sensorium.detect.registry`` lists them."""
