// Plain English words for prompts that only have to have a length.
#pragma once

#include <array>
#include <string_view>

namespace wedlm::load {

inline constexpr std::array<std::string_view, 256> kWords = {
    "able",    "acid",   "again",  "air",    "apple",  "arm",     "art",     "autumn",   "back",   "bag",
    "ball",    "bank",   "bar",    "base",   "bath",   "bear",    "bed",     "bell",     "big",    "bird",
    "black",   "blood",  "blue",   "board",  "boat",   "body",    "bone",    "book",     "box",    "boy",
    "brain",   "branch", "bread",  "bridge", "bright", "broad",   "brown",   "brush",    "bus",    "cake",
    "calm",    "camp",   "card",   "care",   "cat",    "cause",   "chair",   "cheap",    "circle", "city",
    "clean",   "clear",  "clock",  "cloth",  "cloud",  "coal",    "coat",    "cold",     "color",  "common",
    "cook",    "cool",   "copper", "corn",   "cotton", "cover",   "cow",     "cup",      "dark",   "daughter",
    "day",     "deep",   "desk",   "dog",    "door",   "down",    "dress",   "drink",    "dry",    "dust",
    "ear",     "early",  "earth",  "east",   "edge",   "egg",     "engine",  "eye",      "face",   "fact",
    "fair",    "fall",   "family", "far",    "farm",   "father",  "field",   "finger",   "fire",   "fish",
    "flag",    "flat",   "floor",  "flower", "fly",    "fold",    "food",    "foot",     "fork",   "form",
    "frame",   "free",   "fresh",  "friend", "fruit",  "full",    "game",    "garden",   "glass",  "glove",
    "gold",    "good",   "grain",  "grass",  "gray",   "great",   "green",   "group",    "hair",   "hammer",
    "hand",    "happy",  "harbor", "hard",   "hat",    "head",    "heart",   "heat",     "high",   "hill",
    "history", "hole",   "hollow", "home",   "horn",   "horse",   "hour",    "house",    "ice",    "iron",
    "island",  "jump",   "key",    "kind",   "king",   "kitchen", "knee",    "knife",    "knot",   "lake",
    "lamp",    "land",   "large",  "last",   "late",   "leaf",    "leather", "leg",      "letter", "level",
    "library", "light",  "line",   "lip",    "list",   "lock",    "long",    "loud",     "love",   "low",
    "machine", "map",    "mark",   "market", "mass",   "meal",    "meat",    "metal",    "middle", "milk",
    "mind",    "mine",   "money",  "month",  "moon",   "morning", "mother",  "mountain", "mouth",  "music",
    "name",    "narrow", "nation", "neck",   "needle", "nerve",   "net",     "new",      "night",  "noise",
    "north",   "nose",   "note",   "number", "nut",    "ocean",   "office",  "oil",      "old",    "open",
    "orange",  "paint",  "paper",  "park",   "part",   "pen",     "person",  "picture",  "pig",    "pipe",
    "place",   "plane",  "plant",  "plate",  "play",   "pocket",  "point",   "pot",      "potato", "powder",
    "power",   "price",  "print",  "prison", "public", "quick",   "quiet",   "rain",     "red",    "rice",
    "ring",    "river",  "road",   "rock",   "roof",   "room"};

}  // namespace wedlm::load
