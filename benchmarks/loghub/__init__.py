"""LogHub's samples of 2,000 lines and their true templates, and the peer that reads them too."""
