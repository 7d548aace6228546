"""Knowledge on its way in, stage by stage; every stage is a diff, so a killed run is completed by the next."""
